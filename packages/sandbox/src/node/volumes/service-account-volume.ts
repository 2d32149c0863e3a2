import type { Container, Pod, Volume } from '@nexus/kube'

/** Where Kubernetes mounts it in a container. */
export const SERVICE_ACCOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'

/** What kubelets ask for: an hour and seven seconds, the mark of a token that is refreshed. */
const TOKEN_SECONDS = 3607

/** The volume by which programs of a pod call the API: the one that the admission of Kubernetes adds. */
const ACCESS_VOLUME: Volume = {
  name: 'kube-api-access',
  projected: {
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_SECONDS } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ],
  },
}

/** The pod with the volume of its ServiceAccount in each container that has none, unless it wants none. */
export function withServiceAccountVolume(pod: Pod): Pod {
  const { containers, initContainers = [], volumes = [], automountServiceAccountToken } = pod.spec
  if (automountServiceAccountToken === false || [...containers, ...initContainers].every(mountsIt)) return pod
  return {
    ...pod,
    spec: {
      ...pod.spec,
      volumes: [...volumes, ACCESS_VOLUME],
      containers: containers.map(withMount),
      initContainers: initContainers.map(withMount),
    },
  }
}

function mountsIt({ volumeMounts = [] }: Container): boolean {
  return volumeMounts.some(({ mountPath }) => mountPath === SERVICE_ACCOUNT_PATH)
}

function withMount(container: Container): Container {
  if (mountsIt(container)) return container
  const mount = { name: ACCESS_VOLUME.name, mountPath: SERVICE_ACCOUNT_PATH, readOnly: true }
  return { ...container, volumeMounts: [...(container.volumeMounts ?? []), mount] }
}
