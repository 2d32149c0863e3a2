import { pathIn } from '../bodies.ts'
import type { ConformanceCase, ServerUnderTest } from '../case.ts'
import { fieldAt } from '../fields.ts'

export const area = 'kinds of charts: defaults, validation, columns, fixed fields'

type Fields = Readonly<Record<string, unknown>>

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const containers = [{ name: 'main', image: 'example/app:1' }]
const selector = { matchLabels: { app: 'a' } }
const template = { metadata: { labels: { app: 'a' } }, spec: { containers } }
const once = { spec: { restartPolicy: 'Never', containers } }

interface KindOfChart {
  readonly kind: string
  readonly plural: string
  readonly groupVersion?: string
  readonly clusterScoped?: boolean
  /** Without metadata. No controller does anything about it. */
  readonly good: Fields
  /** What a person might write instead. */
  readonly bad: readonly Fields[]
  /** A merge patch of `good` that is refused. */
  readonly fixed?: Fields
}

const KINDS: readonly KindOfChart[] = [
  {
    kind: 'Job',
    plural: 'jobs',
    groupVersion: 'batch/v1',
    good: { spec: { suspend: true, template: once } },
    bad: [
      { spec: { template } },
      { spec: { template: once, parallelism: -1, backoffLimit: -1 } },
      { spec: { template: once, completionMode: 'All' } },
      {},
    ],
    fixed: { spec: { completions: 5 } },
  },
  {
    kind: 'CronJob',
    plural: 'cronjobs',
    groupVersion: 'batch/v1',
    good: { spec: { suspend: true, schedule: '*/5 * * * *', jobTemplate: { spec: { template: once } } } },
    bad: [
      { spec: { schedule: 'often', jobTemplate: { spec: { template: once } } } },
      { spec: { schedule: '* * * * *', concurrencyPolicy: 'Maybe', jobTemplate: { spec: { template } } } },
    ],
  },
  {
    kind: 'StatefulSet',
    plural: 'statefulsets',
    groupVersion: 'apps/v1',
    good: { spec: { replicas: 0, serviceName: 's', selector, template } },
    bad: [{ spec: { serviceName: 's', template } }, { spec: { selector, template: once, podManagementPolicy: 'X' } }],
    fixed: { spec: { serviceName: 't' } },
  },
  {
    kind: 'DaemonSet',
    plural: 'daemonsets',
    groupVersion: 'apps/v1',
    good: { spec: { selector, template } },
    bad: [{ spec: { selector, template, updateStrategy: { type: 'Big' } } }, { spec: { selector: {}, template } }],
    fixed: { spec: { selector: { matchLabels: { tier: 'b' } }, template: { metadata: { labels: { tier: 'b' } } } } },
  },
  {
    kind: 'ResourceQuota',
    plural: 'resourcequotas',
    good: { spec: { hard: { 'requests.cpu': '1000m', 'requests.nvidia.com/gpu': 2 }, scopes: ['NotTerminating'] } },
    bad: [{ spec: { hard: { puppies: 1 } } }, { spec: { hard: { pods: '-1' }, scopes: ['Weekend'] } }],
    fixed: { spec: { scopes: null } },
  },
  {
    kind: 'LimitRange',
    plural: 'limitranges',
    good: { spec: { limits: [{ type: 'Container', default: { cpu: '0.5' }, max: { memory: '1024Mi' } }] } },
    bad: [
      { spec: { limits: [{ type: 'Container', min: { cpu: '3' }, max: { cpu: '2' } }] } },
      { spec: { limits: [{ type: 'Planet' }] } },
    ],
  },
  {
    kind: 'Ingress',
    plural: 'ingresses',
    groupVersion: 'networking.k8s.io/v1',
    good: {
      spec: {
        ingressClassName: 'nginx',
        tls: [{ hosts: ['a.example.com'], secretName: 't' }],
        rules: [
          {
            host: 'a.example.com',
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } }],
            },
          },
        ],
      },
    },
    bad: [
      {},
      { spec: { rules: [{ host: 'UP', http: { paths: [{ path: 'x', pathType: 'Exact', backend: {} }] } }] } },
      { spec: { defaultBackend: { service: { name: 's' } } } },
    ],
  },
  {
    kind: 'IngressClass',
    plural: 'ingressclasses',
    groupVersion: 'networking.k8s.io/v1',
    clusterScoped: true,
    good: { spec: { controller: 'example.com/c', parameters: { kind: 'X', name: 'y' } } },
    bad: [{ spec: {} }, { spec: { controller: 'nginx' } }],
    fixed: { spec: { controller: 'example.com/d' } },
  },
  {
    kind: 'NetworkPolicy',
    plural: 'networkpolicies',
    groupVersion: 'networking.k8s.io/v1',
    good: { spec: { podSelector: selector, egress: [{}], ingress: [{ ports: [{ port: 80 }] }] } },
    bad: [
      { spec: { podSelector: {}, ingress: [{ from: [{}], ports: [{ port: 0 }] }] } },
      { spec: { podSelector: {}, policyTypes: ['Sideways'] } },
    ],
  },
  {
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    groupVersion: 'policy/v1',
    good: { spec: { minAvailable: 1, selector } },
    bad: [{ spec: { minAvailable: 1, maxUnavailable: 1, selector } }, { spec: { maxUnavailable: '200%', selector } }],
  },
  {
    kind: 'ValidatingWebhookConfiguration',
    plural: 'validatingwebhookconfigurations',
    groupVersion: 'admissionregistration.k8s.io/v1',
    clusterScoped: true,
    good: { webhooks: [] },
    bad: [{ webhooks: [{}] }, { webhooks: [{ name: 'a', sideEffects: 'Some', timeoutSeconds: 60 }] }],
  },
  {
    kind: 'MutatingWebhookConfiguration',
    plural: 'mutatingwebhookconfigurations',
    groupVersion: 'admissionregistration.k8s.io/v1',
    clusterScoped: true,
    good: { webhooks: [] },
    bad: [{ webhooks: [{ name: 'a.b.c', admissionReviewVersions: ['v9'], rules: [{}] }] }],
  },
  {
    kind: 'Endpoints',
    plural: 'endpoints',
    good: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] },
    bad: [{ subsets: [{}] }, { subsets: [{ addresses: [{ ip: '127.0.0.1' }], ports: [{ port: 0 }] }] }],
  },
  {
    kind: 'PriorityClass',
    plural: 'priorityclasses',
    groupVersion: 'scheduling.k8s.io/v1',
    clusterScoped: true,
    good: { value: 1000, description: 'd' },
    bad: [{ value: 2_000_000_000 }, { value: 1, preemptionPolicy: 'Sometimes' }],
    fixed: { value: 2 },
  },
  {
    kind: 'ControllerRevision',
    plural: 'controllerrevisions',
    groupVersion: 'apps/v1',
    good: { revision: 1, data: { a: 1 } },
    bad: [],
  },
]

export const cases: readonly ConformanceCase[] = KINDS.map((kind) => ({
  title: `${kind.kind}: completed, refused, shown`,
  run: (server) => handle(server, kind),
}))

async function handle({ namespace, send }: ServerUnderTest, what: KindOfChart): Promise<void> {
  const { kind, plural, groupVersion = '', clusterScoped = false, good, bad, fixed } = what
  const path = clusterScoped ? `/apis/${groupVersion}/${plural}` : pathIn(namespace, plural, groupVersion)
  const name = clusterScoped ? namespace : 'one'
  const body = (rest: Fields) => ({ apiVersion: groupVersion || 'v1', kind, metadata: { name }, ...rest })
  await send({ method: 'POST', path, body: body(good) })
  for (const rest of bad) await send({ method: 'POST', path: `${path}?dryRun=All`, body: body(rest) })
  await send({ method: 'GET', path: `${path}/${name}`, accept: TABLE, compared: columnsOf })
  if (fixed) {
    await send({
      method: 'PATCH',
      path: `${path}/${name}`,
      body: fixed,
      contentType: 'application/merge-patch+json',
    })
  }
  await send({ method: 'DELETE', path: `${path}/${name}?propagationPolicy=Background`, compared: () => 'gone' })
}

/** Columns and cells, without the objects behind the rows. */
function columnsOf(body: unknown): unknown {
  const rows = fieldAt(body, 'rows')
  const columns = fieldAt(body, 'columnDefinitions')
  const shape = (column: unknown) => ['name', 'type', 'format', 'priority'].map((field) => fieldAt(column, field))
  return {
    columns: Array.isArray(columns) ? columns.map(shape) : body,
    cells: Array.isArray(rows) ? rows.map((row) => fieldAt(row, 'cells')) : body,
  }
}
