import { isNotFound } from '@nexus/kube'
import type { KubeApiError } from '@nexus/kube'
import { DeployError } from '../errors.ts'

/** A 404 for a create: the kind is unknown, or the namespace, which then is named, is not there. */
export function isUnknownKind(thrown: unknown): thrown is KubeApiError {
  return isNotFound(thrown) && thrown.body?.details?.kind !== 'namespaces'
}

/** The error of a cluster without KServe. */
export function kserveMissing(cause: unknown): DeployError {
  return new DeployError('NEXUS_DEPLOY_KSERVE_MISSING', 'This cluster does not know InferenceServices.', {
    hint: 'Install KServe, or use another cluster: nexus up starts one on this machine.',
    cause,
  })
}

/** Lets a create of one of KServe's kinds say that KServe is missing. */
export async function explainMissingKind<T>(creating: Promise<T>): Promise<T> {
  try {
    return await creating
  } catch (cause) {
    throw isUnknownKind(cause) ? kserveMissing(cause) : cause
  }
}
