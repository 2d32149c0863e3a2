import type { TableResource } from '../table.ts'
import { cronJobColumns, jobColumns } from './batch.ts'
import { ageColumn, createdAtColumn, entries, nameColumn, text } from './column.ts'
import type { Column } from './column.ts'
import { customColumns } from './custom.ts'
import { eventColumns } from './event.ts'
import { ingressClassColumns, ingressColumns, networkPolicyColumns } from './ingress.ts'
import { endpointsColumns, endpointSliceColumns, serviceColumns } from './network.ts'
import { nodeColumns } from './node.ts'
import { podColumns } from './pod.ts'
import { disruptionBudgetColumns, priorityClassColumns, resourceQuotaColumns, webhookColumns } from './policy.ts'
import { bindingColumns } from './rbac.ts'
import { claimColumns, storageClassColumns, volumeColumns } from './storage.ts'
import {
  autoscalerColumns,
  controllerRevisionColumns,
  daemonSetColumns,
  deploymentColumns,
  replicaSetColumns,
  statefulSetColumns,
} from './workload.ts'

const RBAC = 'rbac.authorization.k8s.io/v1'

/** All columns, where the name is not simply the first of them. */
const completeByKind: Readonly<Record<string, readonly Column[]>> = {
  'v1/Event': eventColumns,
  'storage.k8s.io/v1/StorageClass': storageClassColumns,
}

/** The columns after the name. */
const columnsByKind: Readonly<Record<string, readonly Column[]>> = {
  'v1/Namespace': [text('Status', 'status.phase'), ageColumn],
  'v1/Pod': podColumns,
  'v1/Service': serviceColumns,
  'v1/Secret': [text('Type', 'type'), entries('Data', 'data'), ageColumn],
  'v1/ConfigMap': [entries('Data', 'data', 'binaryData'), ageColumn],
  'v1/ServiceAccount': [entries('Secrets', 'secrets'), ageColumn],
  'v1/PersistentVolumeClaim': claimColumns,
  'v1/PersistentVolume': volumeColumns,
  'v1/Node': nodeColumns,
  'v1/Endpoints': endpointsColumns,
  'v1/LimitRange': [createdAtColumn],
  'v1/ResourceQuota': resourceQuotaColumns,
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': webhookColumns,
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': webhookColumns,
  'apps/v1/ControllerRevision': controllerRevisionColumns,
  'apps/v1/DaemonSet': daemonSetColumns,
  'apps/v1/Deployment': deploymentColumns,
  'apps/v1/ReplicaSet': replicaSetColumns,
  'apps/v1/StatefulSet': statefulSetColumns,
  'autoscaling/v2/HorizontalPodAutoscaler': autoscalerColumns,
  'batch/v1/CronJob': cronJobColumns,
  'batch/v1/Job': jobColumns,
  'discovery.k8s.io/v1/EndpointSlice': endpointSliceColumns,
  'networking.k8s.io/v1/Ingress': ingressColumns,
  'networking.k8s.io/v1/IngressClass': ingressClassColumns,
  'networking.k8s.io/v1/NetworkPolicy': networkPolicyColumns,
  'policy/v1/PodDisruptionBudget': disruptionBudgetColumns,
  'scheduling.k8s.io/v1/PriorityClass': priorityClassColumns,
  'coordination.k8s.io/v1/Lease': [text('Holder', 'spec.holderIdentity'), ageColumn],
  [`${RBAC}/Role`]: [createdAtColumn],
  [`${RBAC}/ClusterRole`]: [createdAtColumn],
  [`${RBAC}/RoleBinding`]: bindingColumns,
  [`${RBAC}/ClusterRoleBinding`]: bindingColumns,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': [createdAtColumn],
}

/** The columns that `kubectl get` shows for a kind, taken from Kubernetes 1.34. */
export function columnsOf({ apiVersion, kind, printerColumns }: TableResource): readonly Column[] {
  const id = `${apiVersion}/${kind}`
  return completeByKind[id] ?? [nameColumn, ...(columnsByKind[id] ?? customColumns(printerColumns))]
}
