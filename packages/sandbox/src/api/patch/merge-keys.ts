/** How one field merges; a field that is not listed merges as a map, and its lists are replaced as a whole. */
export type FieldStrategy =
  | { readonly merge: 'map'; readonly fields: Strategies }
  /** A list of objects that are the same object when `key` is. */
  | { readonly merge: 'list'; readonly key: string; readonly fields: Strategies }
  /** A list of scalars without duplicates. */
  | { readonly merge: 'set' }

export type Strategies = Readonly<Record<string, FieldStrategy>>

const map = (fields: Strategies): FieldStrategy => ({ merge: 'map', fields })
const listBy = (key: string, fields: Strategies = {}): FieldStrategy => ({ merge: 'list', key, fields })
const set: FieldStrategy = { merge: 'set' }

const objectMeta = map({ finalizers: set, ownerReferences: listBy('uid') })
const conditions = map({ conditions: listBy('type') })

const container: Strategies = {
  env: listBy('name'),
  ports: listBy('containerPort'),
  volumeDevices: listBy('devicePath'),
  volumeMounts: listBy('mountPath'),
}

const podSpec = map({
  containers: listBy('name', container),
  ephemeralContainers: listBy('name', container),
  hostAliases: listBy('ip'),
  imagePullSecrets: listBy('name'),
  initContainers: listBy('name', container),
  resourceClaims: listBy('name'),
  schedulingGates: listBy('name'),
  topologySpreadConstraints: listBy('topologyKey'),
  volumes: listBy('name'),
})

const podStatus = map({
  conditions: listBy('type'),
  hostIPs: listBy('ip'),
  podIPs: listBy('ip'),
  resourceClaimStatuses: listBy('name'),
})

const template = map({ metadata: objectMeta, spec: podSpec })

/** From `x-kubernetes-patch-merge-key` and `x-kubernetes-patch-strategy` in the OpenAPI of Kubernetes 1.34. */
const strategiesByKind: Readonly<Record<string, Strategies>> = {
  'v1/Namespace': { status: conditions },
  'v1/Node': {
    spec: map({ podCIDRs: set }),
    status: map({ addresses: listBy('type'), conditions: listBy('type') }),
  },
  'v1/PersistentVolumeClaim': { status: conditions },
  'v1/Pod': { spec: podSpec, status: podStatus },
  'v1/Service': { spec: map({ ports: listBy('port') }), status: conditions },
  'v1/ServiceAccount': { secrets: listBy('name') },
  'apps/v1/Deployment': { spec: map({ template }), status: conditions },
  'apps/v1/ReplicaSet': { spec: map({ template }), status: conditions },
  'autoscaling/v2/HorizontalPodAutoscaler': { status: conditions },
}

/** Groups whose kinds are compiled into the API server. CRDs have no strategies, whatever their group is called. */
const builtInGroups = new Set([
  '',
  'apps',
  'autoscaling',
  'batch',
  'policy',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'networking.k8s.io',
  'rbac.authorization.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
])

/** The merge strategies of a kind, or `undefined` when it is a custom resource, which has none. */
export function strategiesOf(apiVersion: string, kind: string): Strategies | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  if (!builtInGroups.has(group)) return undefined
  return { metadata: objectMeta, ...strategiesByKind[`${apiVersion}/${kind}`] }
}
