import { Kinds, refTo } from '@nexus/kube'
import type { Container, KubeClient, ServingRuntime, Volume, WriteOptions } from '@nexus/kube'
import { explainMissingKind } from './missing-kind.ts'
import { patchByDifference, updateByMerge } from './update.ts'
import type { Change } from './update.ts'

/** Marks a ServingRuntime as one of a NIM. The only reliable sign: image hosts change with mirrors. */
export const NIM_MARKER = 'runtimes.opendatahub.io/nvidia-nim'

/** The container KServe treats as the model server. */
export const SERVING_CONTAINER = 'kserve-container'

/** The volume of the weights. Its name is fixed: a PVC name may be longer than a volume name, and may hold dots. */
export const CACHE_VOLUME = 'nim-pvc'

/** Where a NIM keeps its weights unless `NIM_CACHE_PATH` says otherwise. */
export const CACHE_PATH = '/mnt/models/cache'

/** Whether a ServingRuntime is one of a NIM. */
export function isNIMServingRuntime(runtime: ServingRuntime): boolean {
  return runtime.metadata.annotations?.[NIM_MARKER] === 'true'
}

/** The model server's container: `kserve-container`, else the first. */
export function servingContainer(runtime: ServingRuntime): Container | undefined {
  const { containers } = runtime.spec
  return containers.find(({ name }) => name === SERVING_CONTAINER) ?? containers[0]
}

/**
 * The volume of the weights: `nim-pvc`, else (older deployments name it like its PVC) the PVC that is mounted where the
 * container keeps its cache, else the first PVC.
 */
export function cacheVolume(runtime: ServingRuntime): Volume | undefined {
  const claims = runtime.spec.volumes?.filter((volume) => volume.persistentVolumeClaim !== undefined) ?? []
  const server = servingContainer(runtime)
  const path = server?.env?.find(({ name }) => name === 'NIM_CACHE_PATH')?.value ?? CACHE_PATH
  const mounted = server?.volumeMounts?.filter(({ mountPath }) => mountPath === path).map(({ name }) => name) ?? []
  return (
    claims.find(({ name }) => name === CACHE_VOLUME) ?? claims.find(({ name }) => mounted.includes(name)) ?? claims[0]
  )
}

/** The PVC that holds the weights. */
export function cacheClaimName(runtime: ServingRuntime): string | undefined {
  return cacheVolume(runtime)?.persistentVolumeClaim?.claimName
}

/** The folder of the PVC that holds the weights, undefined for its root. */
export function cacheSubPath(runtime: ServingRuntime): string | undefined {
  const volume = cacheVolume(runtime)?.name
  return servingContainer(runtime)?.volumeMounts?.find(({ name }) => name === volume)?.subPath
}

/**
 * The tag of an image, undefined where it has none. It stands after the last `/`, because a registry may have a port.
 *
 * `tagOfImage('mirror:5000/nim/meta/llama:1.8.4') // '1.8.4'`
 */
export function tagOfImage(image: string): string | undefined {
  const last = image.slice(image.lastIndexOf('/') + 1)
  const colon = last.indexOf(':')
  return colon === -1 ? undefined : last.slice(colon + 1)
}

/** Creates a ServingRuntime. @throws DeployError `NEXUS_DEPLOY_KSERVE_MISSING`; KubeApiError. */
export function createServingRuntime(
  kube: KubeClient,
  runtime: ServingRuntime,
  options?: WriteOptions,
): Promise<ServingRuntime> {
  return explainMissingKind(kube.create(runtime, options))
}

/** Overwrites what differs; see `patchByDifference`. No call where nothing does. */
export function patchServingRuntime(
  kube: KubeClient,
  change: Change<ServingRuntime>,
  options?: WriteOptions,
): Promise<ServingRuntime> {
  return patchByDifference(kube, refTo(Kinds.ServingRuntime, change.before.metadata), change, options)
}

/** Merges what differs into the very version that was read; see `updateByMerge`. No call where nothing does. */
export function updateServingRuntime(
  kube: KubeClient,
  change: Change<ServingRuntime>,
  options?: WriteOptions,
): Promise<ServingRuntime> {
  return updateByMerge(kube, refTo(Kinds.ServingRuntime, change.before.metadata), change, options)
}
