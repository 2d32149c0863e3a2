import { nearest } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { CallOptions, KubeClient, PersistentVolumeClaim } from '@nexus/kube'
import { DeployError } from '../errors.ts'
import { listIfAllowed } from './existing.ts'

/**
 * Refuses a new PVC that would wait for ever: no StorageClass makes volumes for it, and no volume has its class. Whoever may
 * not look is let through.
 * @throws DeployError `NEXUS_DEPLOY_STORAGE_CLASS_NOT_FOUND` naming the classes there are; KubeApiError.
 */
export async function requireStorageClass(
  kube: KubeClient,
  { spec: { storageClassName: name } }: PersistentVolumeClaim,
  options?: CallOptions,
): Promise<void> {
  if (name === undefined || name === '') return
  const classes = await listIfAllowed(kube, { kind: Kinds.StorageClass }, options)
  if (classes === undefined || classes.some(({ metadata }) => metadata.name === name)) return
  const volumes = await listIfAllowed(kube, { kind: Kinds.PersistentVolume }, options)
  if (volumes === undefined || volumes.some(({ spec }) => spec.storageClassName === name)) return
  const names = classes.map(({ metadata }) => metadata.name)
  const similar = nearest(name, names)
  const offered = names.length === 0 ? 'The cluster has none.' : `There are: ${names.join(', ')}.`
  throw new DeployError('NEXUS_DEPLOY_STORAGE_CLASS_NOT_FOUND', `There is no StorageClass "${name}".`, {
    hint: similar.length > 0 ? `Did you mean ${similar.join(' or ')}?` : offered,
  })
}
