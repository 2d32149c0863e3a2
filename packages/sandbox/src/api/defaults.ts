import type { ApiObject } from './object.ts'
import { defaultHorizontalPodAutoscaler } from './defaults/autoscaler.ts'
import { defaultCronJob, defaultJob } from './defaults/batch.ts'
import { dropEmpty, dropNulls } from './defaults/empty.ts'
import { defaultIngressClass, defaultNetworkPolicy } from './defaults/network.ts'
import { defaultPod } from './defaults/pod.ts'
import { defaultLimitRange, defaultPriorityClass, defaultResourceQuota } from './defaults/policy.ts'
import { canonicalQuantities } from './defaults/quantity.ts'
import { defaultRules, defaultSubjects } from './defaults/rbac.ts'
import { defaultService } from './defaults/service.ts'
import { defaultClaim, defaultPersistentVolume, defaultStorageClass } from './defaults/storage.ts'
import { defaultDaemonSet, defaultDeployment, defaultReplicaSet, defaultStatefulSet } from './defaults/workload.ts'
import { defaultWebhooks } from './defaults/webhook.ts'
import { isRecord, listAt, recordAt } from './objects/fields.ts'

const defaultsByKind: Readonly<Record<string, (object: ApiObject) => void>> = {
  'v1/ConfigMap': (object) => dropEmpty(object, 'data', 'binaryData'),
  'v1/Endpoints': (object) => listAt(object, 'subsets').forEach(defaultProtocols),
  'v1/Event': defaultEvent,
  'v1/LimitRange': defaultLimitRange,
  'v1/Namespace': (object) => void (recordAt(object, 'spec')['finalizers'] ??= ['kubernetes']),
  'v1/Node': defaultNode,
  'v1/PersistentVolume': defaultPersistentVolume,
  'v1/PersistentVolumeClaim': defaultClaim,
  'v1/Pod': defaultPod,
  'v1/ResourceQuota': defaultResourceQuota,
  'v1/Secret': defaultSecret,
  'v1/Service': defaultService,
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': (object) => defaultWebhooks(object, 'mutating'),
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': (object) => defaultWebhooks(object, 'validating'),
  'apps/v1/DaemonSet': defaultDaemonSet,
  'apps/v1/Deployment': defaultDeployment,
  'apps/v1/ReplicaSet': defaultReplicaSet,
  'apps/v1/StatefulSet': defaultStatefulSet,
  'autoscaling/v2/HorizontalPodAutoscaler': defaultHorizontalPodAutoscaler,
  'batch/v1/CronJob': defaultCronJob,
  'batch/v1/Job': defaultJob,
  'discovery.k8s.io/v1/EndpointSlice': defaultEndpointSlice,
  'networking.k8s.io/v1/IngressClass': defaultIngressClass,
  'networking.k8s.io/v1/NetworkPolicy': defaultNetworkPolicy,
  'rbac.authorization.k8s.io/v1/ClusterRole': defaultRules,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': defaultSubjects,
  'rbac.authorization.k8s.io/v1/Role': defaultRules,
  'rbac.authorization.k8s.io/v1/RoleBinding': defaultSubjects,
  'scheduling.k8s.io/v1/PriorityClass': defaultPriorityClass,
  'storage.k8s.io/v1/StorageClass': defaultStorageClass,
}

/**
 * Fills in, in place, what a client left out, and writes values in their one canonical form, so that a built-in object
 * reads as it does on Kubernetes 1.34. Custom resources only lose the empty parts of their metadata.
 */
export function applyDefaults(object: ApiObject): void {
  dropNulls(object.metadata)
  dropEmpty(object.metadata, 'labels', 'annotations', 'finalizers', 'ownerReferences')
  const defaults = defaultsByKind[`${object.apiVersion}/${object.kind}`]
  if (!defaults) return
  dropNulls(object['spec'])
  defaults(object)
}

function defaultSecret(object: ApiObject): void {
  dropEmpty(object, 'data')
  object['type'] ??= 'Opaque'
}

/** The fields of the newer events.k8s.io API, which kube-apiserver writes out even when they are empty. */
function defaultEvent(object: ApiObject): void {
  object['eventTime'] ??= null
  object['reportingComponent'] ??= ''
  object['reportingInstance'] ??= ''
}

/** What a kubelet says of its machine; empty before it does. */
const NODE_INFO = [
  'architecture',
  'bootID',
  'containerRuntimeVersion',
  'kernelVersion',
  'kubeProxyVersion',
  'kubeletVersion',
  'machineID',
  'operatingSystem',
  'osImage',
  'systemUUID',
]

function defaultNode(object: ApiObject): void {
  const status = recordAt(object, 'status')
  canonicalQuantities(status, 'capacity', 'allocatable')
  if (isRecord(status['capacity'])) status['allocatable'] ??= structuredClone(status['capacity'])
  status['daemonEndpoints'] ??= { kubeletEndpoint: { Port: 0 } }
  status['nodeInfo'] ??= Object.fromEntries(NODE_INFO.map((field) => [field, '']))
  const spec = recordAt(object, 'spec')
  if (spec['podCIDR'] !== undefined) spec['podCIDRs'] ??= [spec['podCIDR']]
}

/** The ports of Endpoints: a port without a protocol is one of TCP. */
function defaultProtocols(subset: unknown): void {
  for (const port of listAt(subset, 'ports')) if (isRecord(port)) port['protocol'] ??= 'TCP'
}

function defaultEndpointSlice(object: ApiObject): void {
  for (const endpoint of listAt(object, 'endpoints')) if (isRecord(endpoint)) endpoint['conditions'] ??= {}
  for (const port of listAt(object, 'ports')) {
    if (!isRecord(port)) continue
    port['name'] ??= ''
    port['protocol'] ??= 'TCP'
  }
}
