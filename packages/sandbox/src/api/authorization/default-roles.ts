import { ALL_VERBS } from '../resources/resource.ts'

/** One rule as objects carry it. */
interface RuleFields {
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
  readonly verbs: readonly string[]
}

/** A ClusterRole that every cluster has. */
export interface DefaultRole {
  readonly name: string
  readonly rules?: readonly RuleFields[]
  /** The role gathers the rules of the roles with the label `aggregate-to-<this>`. */
  readonly gathers?: string
  /** The role's own such label. */
  readonly aggregatesTo?: string
}

const READ = ['get', 'list', 'watch']
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update']
const RBAC = 'rbac.authorization.k8s.io'

function on(group: string, resources: string, verbs: readonly string[]): RuleFields {
  return { apiGroups: [group], resources: resources.split(' '), verbs }
}

function get(...nonResourceURLs: string[]): RuleFields {
  return { nonResourceURLs, verbs: ['get'] }
}

const EXTENSIONS =
  'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale'
const EXTENSIONS_READ =
  'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale'
const APPS_READ =
  'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status'
const CORE_READ =
  'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status'
const CORE_STATUS_READ =
  'bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status'

const VIEW: readonly RuleFields[] = [
  on('', CORE_READ, READ),
  on('', CORE_STATUS_READ, READ),
  on('', 'namespaces', READ),
  on('discovery.k8s.io', 'endpointslices', READ),
  on('apps', APPS_READ, READ),
  on('autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status', READ),
  on('batch', 'cronjobs cronjobs/status jobs jobs/status', READ),
  on('extensions', EXTENSIONS_READ, READ),
  on('policy', 'poddisruptionbudgets poddisruptionbudgets/status', READ),
  on('networking.k8s.io', 'ingresses ingresses/status networkpolicies', READ),
  on('resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates', READ),
]

const EDIT: readonly RuleFields[] = [
  on('', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy', READ),
  on('', 'serviceaccounts', ['impersonate']),
  on('', 'pods pods/attach pods/exec pods/portforward pods/proxy', WRITE),
  on('', 'pods/eviction', ['create']),
  on(
    '',
    'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
    WRITE,
  ),
  on('', 'serviceaccounts/token', ['create']),
  on(
    'apps',
    'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
    WRITE,
  ),
  on('autoscaling', 'horizontalpodautoscalers', WRITE),
  on('batch', 'cronjobs jobs', WRITE),
  on('extensions', EXTENSIONS, WRITE),
  on('policy', 'poddisruptionbudgets', WRITE),
  on('networking.k8s.io', 'ingresses networkpolicies', WRITE),
  on('coordination.k8s.io', 'leases', ALL_VERBS),
  on('resource.k8s.io', 'resourceclaims resourceclaimtemplates', WRITE),
]

const ADMIN: readonly RuleFields[] = [
  on('authorization.k8s.io', 'localsubjectaccessreviews', ['create']),
  on(RBAC, 'rolebindings roles', ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']),
]

const HEALTH_AND_VERSION = ['/healthz', '/livez', '/readyz', '/version', '/version/']

/** The ClusterRoles that people and programs rely on, as Kubernetes 1.34 has them; not those of its own controllers. */
export const DEFAULT_ROLES: readonly DefaultRole[] = [
  {
    name: 'cluster-admin',
    rules: [on('*', '*', ['*']), { nonResourceURLs: ['*'], verbs: ['*'] }],
  },
  { name: 'admin', gathers: 'admin' },
  { name: 'edit', gathers: 'edit', aggregatesTo: 'admin' },
  { name: 'view', gathers: 'view', aggregatesTo: 'edit' },
  { name: 'system:aggregate-to-admin', aggregatesTo: 'admin', rules: ADMIN },
  { name: 'system:aggregate-to-edit', aggregatesTo: 'edit', rules: EDIT },
  { name: 'system:aggregate-to-view', aggregatesTo: 'view', rules: VIEW },
  {
    name: 'system:auth-delegator',
    rules: [
      on('authentication.k8s.io', 'tokenreviews', ['create']),
      on('authorization.k8s.io', 'subjectaccessreviews', ['create']),
    ],
  },
  {
    name: 'system:basic-user',
    rules: [
      on('authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews', ['create']),
      on('authentication.k8s.io', 'selfsubjectreviews', ['create']),
    ],
  },
  {
    name: 'system:discovery',
    rules: [
      get(
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/healthz',
        '/livez',
        '/openapi',
        '/openapi/*',
        '/readyz',
        '/version',
        '/version/',
      ),
    ],
  },
  {
    name: 'system:monitoring',
    rules: [
      get('/healthz', '/healthz/*', '/livez', '/livez/*', '/metrics', '/metrics/slis', '/readyz', '/readyz/*'),
      on('', 'nodes/metrics', ['get']),
    ],
  },
  { name: 'system:public-info-viewer', rules: [get(...HEALTH_AND_VERSION)] },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      get(
        '/.well-known/openid-configuration',
        '/.well-known/openid-configuration/',
        '/openid/v1/jwks',
        '/openid/v1/jwks/',
      ),
    ],
  },
]

/** Which groups the ClusterRoles of the same name are bound to. */
export const DEFAULT_BINDINGS: Readonly<Record<string, readonly string[]>> = {
  'cluster-admin': ['system:masters'],
  'system:basic-user': ['system:authenticated'],
  'system:discovery': ['system:authenticated'],
  'system:monitoring': ['system:monitoring'],
  'system:public-info-viewer': ['system:authenticated', 'system:unauthenticated'],
  'system:service-account-issuer-discovery': ['system:serviceaccounts'],
}
