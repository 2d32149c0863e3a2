import type { ObjectStore } from '../store/store.ts'
import { fieldAt, isRecord, listAt, stringAt } from './fields.ts'
import { generateName } from './name-generator.ts'

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'

/** An hour and seven seconds, the mark of a token that its kubelet refreshes. */
const TOKEN_SECONDS = 3607

/**
 * Gives a pod what its ServiceAccount brings: the volume with which its programs call the API, mounted in each container
 * that has nothing there, and the pull secrets. As the admission plugin of kube-apiserver does it, but that an account
 * need not be there yet.
 */
export function admitServiceAccount(
  spec: Record<string, unknown>,
  { store, namespace }: { readonly store: ObjectStore; readonly namespace: string },
): void {
  const account = store.get('serviceaccounts', namespace, stringAt(spec, 'serviceAccountName') ?? '')
  const pullSecrets = listAt(account, 'imagePullSecrets')
  if (pullSecrets.length > 0 && listAt(spec, 'imagePullSecrets').length === 0) spec['imagePullSecrets'] = pullSecrets
  const isMounted = spec['automountServiceAccountToken'] ?? fieldAt(account, 'automountServiceAccountToken') ?? true
  if (isMounted === true) mountToken(spec)
}

function mountToken(spec: Record<string, unknown>): void {
  const all = [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')].filter(isRecord)
  const without = all.filter(
    (one) => !listAt(one, 'volumeMounts').some((mount) => stringAt(mount, 'mountPath') === MOUNT_PATH),
  )
  if (without.length === 0) return
  const name = generateName('kube-api-access-')
  for (const container of without) {
    const mount = { name, readOnly: true, mountPath: MOUNT_PATH }
    container['volumeMounts'] = [...listAt(container, 'volumeMounts'), mount]
  }
  spec['volumes'] = [...listAt(spec, 'volumes'), accessVolume(name)]
}

function accessVolume(name: string): object {
  const fieldRef = { apiVersion: 'v1', fieldPath: 'metadata.namespace' }
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef }] } },
      ],
      defaultMode: 0o644,
    },
  }
}
