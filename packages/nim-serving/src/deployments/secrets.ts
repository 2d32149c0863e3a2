import { apiKeySecretName, imagePullSecretName } from '@nexus/core'
import { Kinds, refTo } from '@nexus/kube'
import type { KubeClient, ObjectMeta, PersistentVolumeClaim, Secret, WriteOptions } from '@nexus/kube'
import {
  DASHBOARD_LABEL,
  DISPLAY_NAME_ANNOTATION,
  KEY_HINT_ANNOTATION,
  KEY_SET_BY_ANNOTATION,
  MANAGED_LABEL,
  PVC_ANNOTATION,
  SUB_PATH_ANNOTATION,
} from '../api/metadata.ts'
import { patchByDifference } from '../api/update.ts'
import type { DeployInput, KeyInput, NIMResources } from '../types.ts'
import type { SecretFacts } from './existing.ts'

/** What the Secrets of a deployment are named and made after. */
export type SecretsInput = Pick<DeployInput, 'name' | 'project' | 'registry'>

/** The two Secrets of a deployment: the key for the container, and the same key for pulling the image. Pure. */
export function assembleNIMSecrets(
  input: SecretsInput,
  keyInput: KeyInput,
): Pick<NIMResources, 'apiKeySecret' | 'pullSecret'> {
  return { apiKeySecret: assembleAPIKeySecret(input, keyInput), pullSecret: assemblePullSecret(input, keyInput) }
}

function assembleAPIKeySecret(input: SecretsInput, keyInput: KeyInput): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: secretMetadata(apiKeySecretName(input.name), input, keyInput),
    type: 'Opaque',
    data: { NGC_API_KEY: btoa(keyInput.key.reveal()) },
  }
}

function assemblePullSecret(input: SecretsInput, keyInput: KeyInput): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: secretMetadata(imagePullSecretName(input.name), input, keyInput),
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': btoa(dockerConfig(registryHost(input), keyInput.key.reveal())) },
  }
}

/** Whether a Secret has to be created: one that is there stays, whatever key it holds. */
export function isSecretNeeded(found: SecretFacts | undefined): boolean {
  return found === undefined
}

/** Creates the Secret with the key for the container. The answer, which holds the key, is dropped but for its metadata. */
export function createNIMAPISecret(kube: KubeClient, secret: Secret, options?: WriteOptions): Promise<SecretFacts> {
  return createSecret(kube, secret, options)
}

/** Creates the Secret with which the image is pulled. The answer is dropped but for its metadata. */
export function createNGCPullSecret(kube: KubeClient, secret: Secret, options?: WriteOptions): Promise<SecretFacts> {
  return createSecret(kube, secret, options)
}

async function createSecret(kube: KubeClient, secret: Secret, options?: WriteOptions): Promise<SecretFacts> {
  const { metadata } = await kube.create(secret, options)
  return { metadata, keyHint: metadata.annotations?.[KEY_HINT_ANNOTATION] }
}

function secretMetadata(name: string, { project }: SecretsInput, { key, setBy }: KeyInput): ObjectMeta {
  return {
    name,
    namespace: project,
    labels: { [MANAGED_LABEL]: 'true' },
    annotations: { [KEY_HINT_ANNOTATION]: key.hint(), [KEY_SET_BY_ANNOTATION]: setBy },
  }
}

/** `mirror:5000/cache/nvidia` is asked for credentials as `mirror:5000`. */
function registryHost({ registry }: SecretsInput): string {
  return registry.split('/')[0] ?? registry
}

/** What the kubelet logs in with. NVIDIA's registry wants the literal user name `$oauthtoken`. */
function dockerConfig(host: string, key: string): string {
  const username = '$oauthtoken'
  return JSON.stringify({ auths: { [host]: { username, password: key, auth: btoa(`${username}:${key}`) } } })
}

/** Size of a new PVC unless another is asked for. */
const DEFAULT_STORAGE = '50Gi'

/**
 * The PVC a deployment's weights are downloaded to, or undefined where an existing one is named. Pure.
 * Several replicas share it, so they need a volume that several nodes can mount.
 */
export function assembleNIMPVC(input: DeployInput): PersistentVolumeClaim | undefined {
  const { storage, maxReplicas, project } = input
  if (storage.mode === 'existing') return undefined
  const { pvc: name, subPath = '', size = DEFAULT_STORAGE, storageClass } = storage
  return {
    apiVersion: 'v1',
    kind: Kinds.PersistentVolumeClaim.kind,
    metadata: {
      name,
      namespace: project,
      labels: { [MANAGED_LABEL]: 'true', [DASHBOARD_LABEL]: 'true' },
      annotations: {
        [DISPLAY_NAME_ANNOTATION]: name,
        [PVC_ANNOTATION]: 'true',
        ...(subPath === '' ? {} : { [SUB_PATH_ANNOTATION]: subPath }),
      },
    },
    spec: {
      accessModes: [maxReplicas > 1 ? 'ReadWriteMany' : 'ReadWriteOnce'],
      volumeMode: 'Filesystem',
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
      resources: { requests: { storage: size } },
    },
  }
}

/** A PVC as it is, if it is, and as it shall be. */
export interface PVCChange {
  readonly live: PersistentVolumeClaim | undefined
  readonly wanted: PersistentVolumeClaim
}

/**
 * Creates the PVC of a deployment, or grows it: `wanted` then is `resizedPVC` of what is there. Nothing is written where
 * both are the same. The write fails (409, 422) where somebody has resized it since it was read.
 */
export async function handleNIMPVC(
  kube: KubeClient,
  { live, wanted }: PVCChange,
  options?: WriteOptions,
): Promise<PersistentVolumeClaim> {
  if (live === undefined) return kube.create(wanted, options)
  const ref = refTo(Kinds.PersistentVolumeClaim, live.metadata)
  return patchByDifference(kube, ref, { before: live, after: wanted }, options)
}
