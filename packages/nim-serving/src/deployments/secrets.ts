import { apiKeySecretName, imagePullSecretName } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { ObjectMeta, PersistentVolumeClaim } from '@nexus/kube'
import {
  DASHBOARD_LABEL,
  DISPLAY_NAME_ANNOTATION,
  KEY_HINT_ANNOTATION,
  KEY_SET_BY_ANNOTATION,
  MANAGED_LABEL,
  PVC_ANNOTATION,
} from '../api/metadata.ts'
import type { DeployInput, KeyInput, NIMResources } from '../types.ts'
import { claimNameOf } from './resources.ts'

/** Size of a new PVC unless another is asked for. */
export const DEFAULT_STORAGE = '50Gi'

/** The two Secrets of a deployment: the key for the container, and the same key for pulling the image. Pure. */
export function assembleNIMSecrets(
  input: DeployInput,
  keyInput: KeyInput,
): Pick<NIMResources, 'apiKeySecret' | 'pullSecret'> {
  const key = keyInput.key.reveal()
  return {
    apiKeySecret: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: secretMetadata(apiKeySecretName(input.name), input, keyInput),
      type: 'Opaque',
      data: { NGC_API_KEY: btoa(key) },
    },
    pullSecret: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: secretMetadata(imagePullSecretName(input.name), input, keyInput),
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': btoa(dockerConfig(registryHost(input), key)) },
    },
  }
}

function secretMetadata(name: string, { project }: DeployInput, { key, setBy }: KeyInput): ObjectMeta {
  return {
    name,
    namespace: project,
    labels: { [MANAGED_LABEL]: 'true' },
    annotations: { [KEY_HINT_ANNOTATION]: key.hint(), [KEY_SET_BY_ANNOTATION]: setBy },
  }
}

/** `mirror:5000/cache/nvidia` is asked for credentials as `mirror:5000`. */
function registryHost({ registry }: DeployInput): string {
  return registry.split('/')[0] ?? registry
}

/** What the kubelet logs in with. NVIDIA's registry wants the literal user name `$oauthtoken`. */
function dockerConfig(host: string, key: string): string {
  const username = '$oauthtoken'
  return JSON.stringify({ auths: { [host]: { username, password: key, auth: btoa(`${username}:${key}`) } } })
}

/**
 * The PVC a deployment's weights are downloaded to, or undefined where an existing one is named. Pure.
 * Several replicas share it, so they need a volume that several nodes can mount.
 */
export function assembleNIMPVC(input: DeployInput): PersistentVolumeClaim | undefined {
  const { storage, replicas, project } = input
  if (storage.mode === 'existing') return undefined
  const name = claimNameOf(input)
  return {
    apiVersion: 'v1',
    kind: Kinds.PersistentVolumeClaim.kind,
    metadata: {
      name,
      namespace: project,
      labels: { [MANAGED_LABEL]: 'true', [DASHBOARD_LABEL]: 'true' },
      annotations: { [DISPLAY_NAME_ANNOTATION]: name, [PVC_ANNOTATION]: 'true' },
    },
    spec: {
      accessModes: [replicas > 1 ? 'ReadWriteMany' : 'ReadWriteOnce'],
      volumeMode: 'Filesystem',
      ...(storage.storageClass === undefined ? {} : { storageClassName: storage.storageClass }),
      resources: { requests: { storage: storage.size ?? DEFAULT_STORAGE } },
    },
  }
}
