import type { ApiObject } from './object.ts'
import { validateCustom } from './schema/validate-custom.ts'
import type { StatusCause } from './status.ts'
import { validateAutoscaler } from './validation/autoscaler.ts'
import { validateLease } from './validation/lease.ts'
import { validateCronJob, validateJob } from './validation/batch.ts'
import { validateConfigMap, validateSecret } from './validation/data.ts'
import { validateDefinition } from './validation/definition.ts'
import { validateEndpoints } from './validation/endpoints.ts'
import { validateIngress, validateIngressClass } from './validation/ingress.ts'
import { validateLimitRange } from './validation/limit-range.ts'
import { validateMetadata } from './validation/metadata.ts'
import { validateNetworkPolicy } from './validation/network-policy.ts'
import { validatePodSpec } from './validation/pod.ts'
import { validateDisruptionBudget, validatePriorityClass } from './validation/policy.ts'
import { validateResourceQuota } from './validation/quota.ts'
import {
  validateClusterRole,
  validateClusterRoleBinding,
  validateRole,
  validateRoleBinding,
} from './validation/rbac.ts'
import { validateService } from './validation/service.ts'
import { validateClaim } from './validation/storage.ts'
import { validateWebhooks } from './validation/webhook.ts'
import {
  validateDaemonSet,
  validateDeployment,
  validateReplicaSet,
  validateStatefulSet,
} from './validation/workload.ts'

const checksByKind: Readonly<Record<string, (object: ApiObject) => StatusCause[]>> = {
  'v1/ConfigMap': validateConfigMap,
  'v1/Endpoints': validateEndpoints,
  'v1/LimitRange': validateLimitRange,
  'v1/PersistentVolumeClaim': validateClaim,
  'v1/Pod': (pod) => validatePodSpec(pod['spec'], 'spec'),
  'v1/ResourceQuota': validateResourceQuota,
  'v1/Secret': validateSecret,
  'v1/Service': validateService,
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': validateWebhooks,
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': validateWebhooks,
  'apps/v1/DaemonSet': validateDaemonSet,
  'apps/v1/Deployment': validateDeployment,
  'apps/v1/ReplicaSet': validateReplicaSet,
  'apps/v1/StatefulSet': validateStatefulSet,
  'autoscaling/v2/HorizontalPodAutoscaler': validateAutoscaler,
  'batch/v1/CronJob': validateCronJob,
  'batch/v1/Job': validateJob,
  'coordination.k8s.io/v1/Lease': validateLease,
  'networking.k8s.io/v1/Ingress': validateIngress,
  'networking.k8s.io/v1/IngressClass': validateIngressClass,
  'networking.k8s.io/v1/NetworkPolicy': validateNetworkPolicy,
  'policy/v1/PodDisruptionBudget': validateDisruptionBudget,
  'rbac.authorization.k8s.io/v1/ClusterRole': validateClusterRole,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': validateClusterRoleBinding,
  'rbac.authorization.k8s.io/v1/Role': validateRole,
  'rbac.authorization.k8s.io/v1/RoleBinding': validateRoleBinding,
  'scheduling.k8s.io/v1/PriorityClass': validatePriorityClass,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': validateDefinition,
}

/**
 * What is wrong with an object whose defaults are filled in, one cause per field, worded as by Kubernetes 1.34; empty
 * when nothing is. Checks what people get wrong in the kinds that deployments of models use, not every rule there is.
 * A custom object is held against its `openApiSchema`.
 */
export function validateObject(object: ApiObject, openApiSchema?: unknown): StatusCause[] {
  const checks = checksByKind[`${object.apiVersion}/${object.kind}`]
  return [...validateMetadata(object), ...(checks?.(object) ?? []), ...validateCustom(object, openApiSchema)]
}
