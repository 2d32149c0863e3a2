import type { Kind } from '../client.ts'
import type { KubeObject } from '../objects.ts'
import type * as batch from './batch.ts'
import type * as core from './core.ts'
import type * as serving from './serving.ts'
import type { ControllerRevision, StatefulSet } from './stateful-set.ts'
import type * as workloads from './workloads.ts'

function namespaced<T extends KubeObject>(apiVersion: string, kind: string, plural: string): Kind<T> {
  return { apiVersion, kind, plural, namespaced: true }
}

function clusterScoped<T extends KubeObject>(apiVersion: string, kind: string, plural: string): Kind<T> {
  return { apiVersion, kind, plural, namespaced: false }
}

/** The kinds this project works with. Others are found by discovery (`kindOf` of the Node client). */
export const Kinds = {
  ConfigMap: namespaced<core.ConfigMap>('v1', 'ConfigMap', 'configmaps'),
  Event: namespaced<core.Event>('v1', 'Event', 'events'),
  Namespace: clusterScoped<core.Namespace>('v1', 'Namespace', 'namespaces'),
  Node: clusterScoped<core.Node>('v1', 'Node', 'nodes'),
  PersistentVolume: clusterScoped<core.PersistentVolume>('v1', 'PersistentVolume', 'persistentvolumes'),
  PersistentVolumeClaim: namespaced<core.PersistentVolumeClaim>(
    'v1',
    'PersistentVolumeClaim',
    'persistentvolumeclaims',
  ),
  Pod: namespaced<core.Pod>('v1', 'Pod', 'pods'),
  Secret: namespaced<core.Secret>('v1', 'Secret', 'secrets'),
  Service: namespaced<core.Service>('v1', 'Service', 'services'),
  ServiceAccount: namespaced<core.ServiceAccount>('v1', 'ServiceAccount', 'serviceaccounts'),
  Deployment: namespaced<workloads.Deployment>('apps/v1', 'Deployment', 'deployments'),
  ReplicaSet: namespaced<workloads.ReplicaSet>('apps/v1', 'ReplicaSet', 'replicasets'),
  StatefulSet: namespaced<StatefulSet>('apps/v1', 'StatefulSet', 'statefulsets'),
  DaemonSet: namespaced('apps/v1', 'DaemonSet', 'daemonsets'),
  ControllerRevision: namespaced<ControllerRevision>('apps/v1', 'ControllerRevision', 'controllerrevisions'),
  Job: namespaced<batch.Job>('batch/v1', 'Job', 'jobs'),
  CronJob: namespaced('batch/v1', 'CronJob', 'cronjobs'),
  ResourceQuota: namespaced<batch.ResourceQuota>('v1', 'ResourceQuota', 'resourcequotas'),
  LimitRange: namespaced('v1', 'LimitRange', 'limitranges'),
  Endpoints: namespaced('v1', 'Endpoints', 'endpoints'),
  Ingress: namespaced('networking.k8s.io/v1', 'Ingress', 'ingresses'),
  NetworkPolicy: namespaced('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  PodDisruptionBudget: namespaced<batch.PodDisruptionBudget>(
    'policy/v1',
    'PodDisruptionBudget',
    'poddisruptionbudgets',
  ),
  HorizontalPodAutoscaler: namespaced<workloads.HorizontalPodAutoscaler>(
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    'horizontalpodautoscalers',
  ),
  EndpointSlice: namespaced<workloads.EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
  StorageClass: clusterScoped<workloads.StorageClass>('storage.k8s.io/v1', 'StorageClass', 'storageclasses'),
  Lease: namespaced<workloads.Lease>('coordination.k8s.io/v1', 'Lease', 'leases'),
  Role: namespaced<workloads.Role>('rbac.authorization.k8s.io/v1', 'Role', 'roles'),
  RoleBinding: namespaced<workloads.RoleBinding>('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'),
  ClusterRole: clusterScoped<workloads.Role>('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles'),
  ClusterRoleBinding: clusterScoped<workloads.RoleBinding>(
    'rbac.authorization.k8s.io/v1',
    'ClusterRoleBinding',
    'clusterrolebindings',
  ),
  CustomResourceDefinition: clusterScoped<workloads.CustomResourceDefinition>(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'customresourcedefinitions',
  ),
  InferenceService: namespaced<serving.InferenceService>(
    'serving.kserve.io/v1beta1',
    'InferenceService',
    'inferenceservices',
  ),
  ServingRuntime: namespaced<serving.ServingRuntime>('serving.kserve.io/v1alpha1', 'ServingRuntime', 'servingruntimes'),
} as const

const known = new Map<string, Kind>(Object.values(Kinds).map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind]))

/** The known kind with this `apiVersion` and `kind`, or undefined. */
export function knownKind(apiVersion: string, kind: string): Kind | undefined {
  return known.get(`${apiVersion} ${kind}`)
}
