import type { ApiObject } from './object.ts'
import type { StatusCause } from './status.ts'
import { validateConfigMap, validateSecret } from './validation/data.ts'
import { validateDefinition } from './validation/definition.ts'
import { validateMetadata } from './validation/metadata.ts'
import { validatePodSpec } from './validation/pod.ts'
import { validateService } from './validation/service.ts'
import { validateClaim } from './validation/storage.ts'
import { validateDeployment, validateReplicaSet } from './validation/workload.ts'

const checksByKind: Readonly<Record<string, (object: ApiObject) => StatusCause[]>> = {
  'v1/ConfigMap': validateConfigMap,
  'v1/PersistentVolumeClaim': validateClaim,
  'v1/Pod': (pod) => validatePodSpec(pod['spec'], 'spec'),
  'v1/Secret': validateSecret,
  'v1/Service': validateService,
  'apps/v1/Deployment': validateDeployment,
  'apps/v1/ReplicaSet': validateReplicaSet,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': validateDefinition,
}

/**
 * What is wrong with an object whose defaults are filled in, one cause per field, worded as by Kubernetes 1.34; empty
 * when nothing is. Checks what people get wrong in the kinds that deployments of models use, not every rule there is.
 */
export function validateObject(object: ApiObject): StatusCause[] {
  const checks = checksByKind[`${object.apiVersion}/${object.kind}`]
  return [...validateMetadata(object), ...(checks?.(object) ?? [])]
}
