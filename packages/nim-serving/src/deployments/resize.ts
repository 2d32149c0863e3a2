import { compareQuantities, isForbidden, isNotFound, Kinds } from '@nexus/kube'
import type { CallOptions, KubeClient, PersistentVolumeClaim } from '@nexus/kube'
import { FORCE_REDEPLOY_ANNOTATION } from '../api/metadata.ts'
import { DeployError } from '../errors.ts'

/**
 * A PVC with another size, marked with the time so that whoever watches knows why it grew; the same object where it has
 * that size. Pure.
 * @throws DeployError `NEXUS_DEPLOY_PVC_RESIZE` for a smaller size: volumes only grow.
 */
export function resizedPVC(live: PersistentVolumeClaim, size: string, now: Date): PersistentVolumeClaim {
  const has = sizeOf(live)
  const order = compareQuantities(size, has)
  if (order === 0) return live
  const { name } = live.metadata
  if (order < 0) {
    throw new DeployError('NEXUS_DEPLOY_PVC_RESIZE', `PVC "${name}" has ${has} and cannot shrink to ${size}.`, {
      hint: 'Ask for a larger size, or use another PVC.',
    })
  }
  const annotations = { ...live.metadata.annotations, [FORCE_REDEPLOY_ANNOTATION]: now.toISOString() }
  const resources = { ...live.spec.resources, requests: { ...live.spec.resources?.requests, storage: size } }
  return { ...live, metadata: { ...live.metadata, annotations }, spec: { ...live.spec, resources } }
}

/** The size a PVC asks for. */
export function sizeOf({ spec }: PersistentVolumeClaim): string {
  return String(spec.resources?.requests?.['storage'] ?? '0')
}

/**
 * Refuses to grow a PVC whose StorageClass cannot. A user who may not read StorageClasses is let through: the server asks
 * the same.
 * @throws DeployError `NEXUS_DEPLOY_PVC_RESIZE`; KubeApiError.
 */
export async function requireExpandable(
  kube: KubeClient,
  { metadata, spec: { storageClassName } }: PersistentVolumeClaim,
  options?: CallOptions,
): Promise<void> {
  if (storageClassName === undefined || storageClassName === '') return
  const isExpandable = await allowsExpansion(kube, storageClassName, options)
  if (isExpandable !== false) return
  throw new DeployError(
    'NEXUS_DEPLOY_PVC_RESIZE',
    `PVC "${metadata.name}" cannot grow: StorageClass "${storageClassName}" does not allow it.`,
    { hint: 'Use another, larger PVC, or ask the cluster admin about allowVolumeExpansion.' },
  )
}

/** Undefined where this user cannot know. */
async function allowsExpansion(kube: KubeClient, name: string, options?: CallOptions): Promise<boolean | undefined> {
  try {
    const { allowVolumeExpansion = false } = await kube.get({ kind: Kinds.StorageClass, name }, options)
    return allowVolumeExpansion
  } catch (cause) {
    if (isNotFound(cause) || isForbidden(cause)) return undefined
    throw cause
  }
}
