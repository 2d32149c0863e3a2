import { ALL_VERBS, joinApiVersion, SCALE, STATUS } from './resource.ts'
import type { Resource, Subresource, Verb } from './resource.ts'

interface Row {
  readonly kind: string
  readonly plural: string
  /** Default true. */
  readonly namespaced?: boolean
  readonly short?: readonly string[]
  readonly categories?: readonly string[]
  readonly verbs?: readonly Verb[]
  readonly subresources?: readonly Subresource[]
  /** Default false: of the built-in kinds only some count generations. */
  readonly counted?: boolean
}

const FINALIZE: Subresource = { name: 'finalize', verbs: ['update'] }
const LOG: Subresource = { name: 'log', verbs: ['get'] }
const PORT_FORWARD: Subresource = {
  name: 'portforward',
  verbs: ['create', 'get'],
  body: { group: '', version: 'v1', kind: 'PodPortForwardOptions' },
}
const BINDING: Subresource = { name: 'binding', verbs: ['create'], body: { group: '', version: 'v1', kind: 'Binding' } }
const TOKEN: Subresource = {
  name: 'token',
  verbs: ['create'],
  body: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
}

const withoutCollection = ALL_VERBS.filter((verb) => verb !== 'deletecollection')

/** Kind, plural, short names, categories and subresources as kube-apiserver 1.34 serves them. */
const BUILTIN: Readonly<Record<string, readonly Row[]>> = {
  v1: [
    { kind: 'ConfigMap', plural: 'configmaps', short: ['cm'] },
    { kind: 'Endpoints', plural: 'endpoints', short: ['ep'] },
    { kind: 'Event', plural: 'events', short: ['ev'] },
    { kind: 'LimitRange', plural: 'limitranges', short: ['limits'] },
    {
      kind: 'Namespace',
      plural: 'namespaces',
      namespaced: false,
      short: ['ns'],
      verbs: withoutCollection,
      subresources: [FINALIZE, STATUS],
    },
    { kind: 'Node', plural: 'nodes', namespaced: false, short: ['no'], subresources: [STATUS] },
    { kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', short: ['pvc'], subresources: [STATUS] },
    { kind: 'PersistentVolume', plural: 'persistentvolumes', namespaced: false, short: ['pv'], subresources: [STATUS] },
    {
      kind: 'Pod',
      plural: 'pods',
      short: ['po'],
      categories: ['all'],
      subresources: [BINDING, LOG, PORT_FORWARD, STATUS],
      counted: true,
    },
    { kind: 'ResourceQuota', plural: 'resourcequotas', short: ['quota'], subresources: [STATUS] },
    { kind: 'Secret', plural: 'secrets' },
    { kind: 'ServiceAccount', plural: 'serviceaccounts', short: ['sa'], subresources: [TOKEN] },
    { kind: 'Service', plural: 'services', short: ['svc'], categories: ['all'], subresources: [STATUS] },
  ],
  'apps/v1': [
    { kind: 'ControllerRevision', plural: 'controllerrevisions' },
    {
      kind: 'DaemonSet',
      plural: 'daemonsets',
      short: ['ds'],
      categories: ['all'],
      subresources: [STATUS],
      counted: true,
    },
    {
      kind: 'Deployment',
      plural: 'deployments',
      short: ['deploy'],
      categories: ['all'],
      subresources: [SCALE, STATUS],
      counted: true,
    },
    {
      kind: 'ReplicaSet',
      plural: 'replicasets',
      short: ['rs'],
      categories: ['all'],
      subresources: [SCALE, STATUS],
      counted: true,
    },
    {
      kind: 'StatefulSet',
      plural: 'statefulsets',
      short: ['sts'],
      categories: ['all'],
      subresources: [SCALE, STATUS],
      counted: true,
    },
  ],
  'autoscaling/v2': [
    {
      kind: 'HorizontalPodAutoscaler',
      plural: 'horizontalpodautoscalers',
      short: ['hpa'],
      categories: ['all'],
      subresources: [STATUS],
    },
  ],
  'batch/v1': [
    { kind: 'CronJob', plural: 'cronjobs', short: ['cj'], categories: ['all'], subresources: [STATUS], counted: true },
    { kind: 'Job', plural: 'jobs', categories: ['all'], subresources: [STATUS], counted: true },
  ],
  'networking.k8s.io/v1': [
    { kind: 'IngressClass', plural: 'ingressclasses', namespaced: false, counted: true },
    { kind: 'Ingress', plural: 'ingresses', short: ['ing'], subresources: [STATUS], counted: true },
    { kind: 'NetworkPolicy', plural: 'networkpolicies', short: ['netpol'], counted: true },
  ],
  'policy/v1': [
    {
      kind: 'PodDisruptionBudget',
      plural: 'poddisruptionbudgets',
      short: ['pdb'],
      subresources: [STATUS],
      counted: true,
    },
  ],
  'admissionregistration.k8s.io/v1': [
    {
      kind: 'MutatingWebhookConfiguration',
      plural: 'mutatingwebhookconfigurations',
      namespaced: false,
      categories: ['api-extensions'],
      counted: true,
    },
    {
      kind: 'ValidatingWebhookConfiguration',
      plural: 'validatingwebhookconfigurations',
      namespaced: false,
      categories: ['api-extensions'],
      counted: true,
    },
  ],
  'scheduling.k8s.io/v1': [
    { kind: 'PriorityClass', plural: 'priorityclasses', namespaced: false, short: ['pc'], counted: true },
  ],
  'coordination.k8s.io/v1': [{ kind: 'Lease', plural: 'leases' }],
  'discovery.k8s.io/v1': [{ kind: 'EndpointSlice', plural: 'endpointslices', counted: true }],
  'rbac.authorization.k8s.io/v1': [
    { kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', namespaced: false },
    { kind: 'ClusterRole', plural: 'clusterroles', namespaced: false },
    { kind: 'RoleBinding', plural: 'rolebindings' },
    { kind: 'Role', plural: 'roles' },
  ],
  'storage.k8s.io/v1': [{ kind: 'StorageClass', plural: 'storageclasses', namespaced: false, short: ['sc'] }],
  'apiextensions.k8s.io/v1': [
    {
      kind: 'CustomResourceDefinition',
      plural: 'customresourcedefinitions',
      namespaced: false,
      short: ['crd', 'crds'],
      categories: ['api-extensions'],
      subresources: [STATUS],
      counted: true,
    },
  ],
  'authorization.k8s.io/v1': [
    { kind: 'LocalSubjectAccessReview', plural: 'localsubjectaccessreviews', verbs: ['create'] },
    { kind: 'SelfSubjectAccessReview', plural: 'selfsubjectaccessreviews', namespaced: false, verbs: ['create'] },
    { kind: 'SelfSubjectRulesReview', plural: 'selfsubjectrulesreviews', namespaced: false, verbs: ['create'] },
    { kind: 'SubjectAccessReview', plural: 'subjectaccessreviews', namespaced: false, verbs: ['create'] },
  ],
  'authentication.k8s.io/v1': [
    { kind: 'SelfSubjectReview', plural: 'selfsubjectreviews', namespaced: false, verbs: ['create'] },
    { kind: 'TokenReview', plural: 'tokenreviews', namespaced: false, verbs: ['create'] },
  ],
}

/** Splits `apps/v1` into group and version; `v1` is of the core group, whose name is empty. */
export function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/')
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

function builtin(apiVersion: string, row: Row): Resource {
  const { group, version } = splitApiVersion(apiVersion)
  return {
    group,
    version,
    apiVersion: joinApiVersion(group, version),
    kind: row.kind,
    listKind: `${row.kind}List`,
    plural: row.plural,
    singular: row.kind.toLowerCase(),
    namespaced: row.namespaced ?? true,
    shortNames: row.short ?? [],
    categories: row.categories ?? [],
    verbs: row.verbs ?? ALL_VERBS,
    subresources: row.subresources ?? [],
    counted: row.counted ?? false,
    custom: false,
    storageKey: group ? `${row.plural}.${group}` : row.plural,
    storageVersion: apiVersion,
  }
}

/** Every resource the server knows without a CustomResourceDefinition. */
export const builtinResources: readonly Resource[] = Object.entries(BUILTIN).flatMap(([apiVersion, rows]) =>
  rows.map((row) => builtin(apiVersion, row)),
)
