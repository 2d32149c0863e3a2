import type { Container, ServingRuntime } from '@nexus/kube'

/** Marks a ServingRuntime as one of a NIM. The only reliable sign: image hosts change with mirrors. */
export const NIM_MARKER = 'runtimes.opendatahub.io/nvidia-nim'

/** The container KServe treats as the model server. */
export const SERVING_CONTAINER = 'kserve-container'

/** The volume of the weights. Its name is fixed: a PVC name may be longer than a volume name, and may hold dots. */
export const CACHE_VOLUME = 'nim-pvc'

/** Whether a ServingRuntime is one of a NIM. */
export function isNIMServingRuntime(runtime: ServingRuntime): boolean {
  return runtime.metadata.annotations?.[NIM_MARKER] === 'true'
}

/** The model server's container: `kserve-container`, else the first. */
export function servingContainer(runtime: ServingRuntime): Container | undefined {
  const { containers } = runtime.spec
  return containers.find(({ name }) => name === SERVING_CONTAINER) ?? containers[0]
}

/** The PVC that holds the weights: the claim of volume `nim-pvc`, else of the first volume that has one. */
export function cacheClaimName(runtime: ServingRuntime): string | undefined {
  const claims = runtime.spec.volumes?.filter((volume) => volume.persistentVolumeClaim !== undefined) ?? []
  const cache = claims.find(({ name }) => name === CACHE_VOLUME) ?? claims[0]
  return cache?.persistentVolumeClaim?.claimName
}

/** The folder of the PVC that holds the weights, undefined for its root. */
export function cacheSubPath(runtime: ServingRuntime): string | undefined {
  return servingContainer(runtime)?.volumeMounts?.find(({ name }) => name === CACHE_VOLUME)?.subPath
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
