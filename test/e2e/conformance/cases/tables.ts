import { configMap, deployment, pathIn, pod, secret } from '../bodies.ts'
import type { Answer, ConformanceCase, ServerUnderTest } from '../case.ts'
import { asRecord, fieldAt, listAt } from '../fields.ts'

export const area = 'tables (kubectl get)'

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
const METADATA = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'

/** A table without the explanations of its columns, which no client shows. */
function withoutDescriptions(body: unknown): unknown {
  if (fieldAt(body, 'kind') !== 'Table') return body
  const columns = listAt(body, 'columnDefinitions').map((column) => ({ ...asRecord(column), description: '' }))
  return { ...asRecord(body), columnDefinitions: columns }
}

/** Columns and cells alone: controllers of Kubernetes add to the metadata what the sandbox has no use for. */
function cellsOf(body: unknown): unknown {
  const rows = listAt(body, 'rows').map((row) => fieldAt(row, 'cells'))
  return { columns: fieldAt(withoutDescriptions(body), 'columnDefinitions'), rows }
}

async function show({ send }: ServerUnderTest, path: string, query = ''): Promise<void> {
  await send({ method: 'GET', path: `${path}${query}`, accept: TABLE, compared: withoutDescriptions })
}

const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'one' },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'none', resources: { requests: { storage: '1Gi' } } },
}

/** An object of each namespaced kind that no controller changes by itself. */
const NAMESPACED: readonly (readonly [string, string, object])[] = [
  ['configmaps', '', configMap('one', { a: '1', b: '2' })],
  ['secrets', '', secret('one', { a: 'MQ==' })],
  ['pods', '', pod('one', { schedulerName: 'none' })],
  [
    'services',
    '',
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'one' },
      spec: {
        clusterIP: 'None',
        selector: { a: 'b' },
        ports: [
          { port: 80, name: 'http' },
          { port: 443, name: 'https', protocol: 'UDP' },
        ],
      },
    },
  ],
  ['serviceaccounts', '', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'one' } }],
  ['persistentvolumeclaims', '', claim],
  ['deployments', 'apps/v1', deployment('one')],
  ['replicasets', 'apps/v1', { ...deployment('one'), kind: 'ReplicaSet' }],
  [
    'jobs',
    'batch/v1',
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'one' },
      spec: {
        suspend: true,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example/app:1' }] } },
      },
    },
  ],
  [
    'cronjobs',
    'batch/v1',
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'one' },
      spec: {
        schedule: '0 0 1 1 *',
        suspend: true,
        jobTemplate: {
          spec: {
            template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example/app:1' }] } },
          },
        },
      },
    },
  ],
  [
    'ingresses',
    'networking.k8s.io/v1',
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'one' },
      spec: {
        ingressClassName: 'nginx',
        rules: [
          {
            host: 'a.example.com',
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'one', port: { number: 80 } } } }],
            },
          },
        ],
      },
    },
  ],
  [
    'networkpolicies',
    'networking.k8s.io/v1',
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'one' },
      spec: { podSelector: { matchLabels: { a: 'b' } } },
    },
  ],
  [
    'poddisruptionbudgets',
    'policy/v1',
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'one' },
      spec: { minAvailable: 1, selector: { matchLabels: { none: 'none' } } },
    },
  ],
  ['resourcequotas', '', { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'one' }, spec: { hard: {} } }],
  [
    'leases',
    'coordination.k8s.io/v1',
    { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'one' }, spec: { holderIdentity: 'me' } },
  ],
  [
    'endpointslices',
    'discovery.k8s.io/v1',
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'one' },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 80 }],
      endpoints: [{ addresses: ['10.244.0.7'] }],
    },
  ],
  [
    'roles',
    'rbac.authorization.k8s.io/v1',
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'one' }, rules: [] },
  ],
  [
    'rolebindings',
    'rbac.authorization.k8s.io/v1',
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'one' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'one' },
      subjects: [
        { kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' },
        { kind: 'ServiceAccount', name: 'default', namespace: 'default' },
      ],
    },
  ],
  [
    'horizontalpodautoscalers',
    'autoscaling/v2',
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'one' },
      spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'nothing' } },
    },
  ],
]

/** The same of cluster-scoped kinds; their names begin with the case's namespace. */
const CLUSTERED: readonly (readonly [string, string, Record<string, unknown>])[] = [
  [
    'persistentvolumes',
    '/api/v1',
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      spec: {
        storageClassName: 'unused',
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: '/tmp' },
      },
    },
  ],
  [
    'storageclasses',
    '/apis/storage.k8s.io/v1',
    { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'example.com/none' },
  ],
  [
    'clusterroles',
    '/apis/rbac.authorization.k8s.io/v1',
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', rules: [] },
  ],
  [
    'clusterrolebindings',
    '/apis/rbac.authorization.k8s.io/v1',
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'none' },
      subjects: [{ kind: 'Group', name: 'devs', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  ],
  [
    'ingressclasses',
    '/apis/networking.k8s.io/v1',
    { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', spec: { controller: 'example.com/none' } },
  ],
  [
    'priorityclasses',
    '/apis/scheduling.k8s.io/v1',
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', value: 7 },
  ],
  ['nodes', '/api/v1', { apiVersion: 'v1', kind: 'Node' }],
]

export const cases: readonly ConformanceCase[] = [
  ...NAMESPACED.map(([plural, groupVersion, body]): ConformanceCase => ({
    title: plural,
    async run(server) {
      const path = pathIn(server.namespace, plural, groupVersion)
      await server.prepare({ method: 'POST', path, body })
      const one = `${path}?fieldSelector=metadata.name%3Done`
      // A controller says of a suspended job that it is, a moment after it was made.
      const isSettled = ({ body }: Answer): boolean => plural !== 'jobs' || JSON.stringify(body).includes('Suspended"')
      await server.until({ method: 'GET', path: one, accept: TABLE, compared: cellsOf }, isSettled)
    },
  })),
  ...CLUSTERED.map(([plural, prefix, body]): ConformanceCase => ({
    title: plural,
    async run(server) {
      const metadata = { name: `${server.namespace}-one` }
      await server.prepare({ method: 'POST', path: `${prefix}/${plural}`, body: { ...body, metadata } })
      const path = `${prefix}/${plural}?fieldSelector=metadata.name%3D${metadata.name}`
      // A controller finds a volume a moment after it was made.
      const isSettled = ({ body }: Answer): boolean => !JSON.stringify(body).includes('"Pending"')
      await server.until({ method: 'GET', path, accept: TABLE, compared: cellsOf }, isSettled)
      await server.prepare({ method: 'DELETE', path: `${prefix}/${plural}/${metadata.name}` })
    },
  })),
  {
    title: 'namespaces',
    run: async (server) => show(server, '/api/v1/namespaces', `?fieldSelector=metadata.name%3D${server.namespace}`),
  },
  {
    title: 'events',
    async run(server) {
      const { namespace } = server
      const path = pathIn(namespace, 'events')
      const involvedObject = { kind: 'Pod', apiVersion: 'v1', namespace, name: 'llama' }
      const times = { firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:00:00Z', count: 3 }
      const body = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'one' },
        involvedObject,
        reason: 'Started',
        message: 'Started it',
        type: 'Normal',
        source: { component: 'kubelet', host: 'node-1' },
        ...times,
      }
      await server.prepare({ method: 'POST', path, body })
      await server.send({
        method: 'GET',
        path: `${path}?fieldSelector=metadata.name%3Done`,
        accept: TABLE,
        // The age counts from long ago and is another one a minute later.
        compared: (table) => [
          fieldAt(withoutDescriptions(table), 'columnDefinitions'),
          listAt(table, 'rows').map((row) => listAt(row, 'cells').slice(1)),
        ],
      })
    },
  },
  {
    title: 'rows bring metadata, the object or nothing',
    async run(server) {
      const path = pathIn(server.namespace, 'secrets')
      await server.prepare({ method: 'POST', path, body: secret('one', { a: 'MQ==' }) })
      for (const include of ['None', 'Metadata', 'Object', 'Some'])
        await show(server, path, `?includeObject=${include}`)
      await show(server, `${path}/one`)
    },
  },
  {
    title: 'an empty table has columns, a page of one its token',
    async run(server) {
      const path = pathIn(server.namespace, 'secrets')
      await show(server, path)
      await server.prepare({ method: 'POST', path, body: secret('one') })
      await server.prepare({ method: 'POST', path, body: secret('two') })
      await show(server, path, '?limit=1')
    },
  },
  {
    title: 'objects and lists are shown by their metadata alone',
    async run({ namespace, prepare, send }) {
      const path = pathIn(namespace, 'secrets')
      await prepare({ method: 'POST', path, body: secret('one', { a: 'MQ==' }, { labels: { a: 'b' } }) })
      await send({ method: 'GET', path: `${path}/one`, accept: METADATA })
      await send({ method: 'GET', path, accept: METADATA_LIST })
    },
  },
  {
    title: 'a form that the server cannot answer in is refused',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'secrets')
      await send({ method: 'GET', path, accept: 'text/html' })
      await send({ method: 'GET', path, accept: 'application/json;as=Drawing;v=v1;g=meta.k8s.io' })
    },
    differs: 'Kubernetes also answers in protobuf, and says so; the status is the same',
  },
  {
    title: 'columns are explained',
    async run({ namespace, send }) {
      await send({ method: 'GET', path: pathIn(namespace, 'secrets'), accept: TABLE })
    },
    differs: 'the sandbox leaves the explanations of columns empty: no client shows them',
  },
]
