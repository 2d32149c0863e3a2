import { configMap, deployment, pathIn, pod, secret } from '../bodies.ts'
import type { ConformanceCase } from '../case.ts'
import { asRecord, fieldAt, listAt, textAt } from '../fields.ts'

export const area = 'refusals with field paths (422)'

const container = { name: 'main', image: 'example/app:1' }
const withContainer = (fields: object) => pod('one', { containers: [{ ...container, ...fields }] })

const PODS: Readonly<Record<string, object>> = {
  'no containers': pod('one', { containers: [] }),
  'two containers of a name': pod('one', { containers: [container, container] }),
  'a container without a name and an image': pod('one', { containers: [{}] }),
  'a name that is none': withContainer({ name: 'Not A Name' }),
  'an image of spaces': withContainer({ image: ' ' }),
  'a pull policy that is none': withContainer({ imagePullPolicy: 'Sometimes' }),
  'a port out of range': withContainer({ ports: [{ containerPort: 70_000 }, { containerPort: 0 }] }),
  'a protocol that is none': withContainer({ ports: [{ containerPort: 80, protocol: 'HTTP' }] }),
  'two ports of a name': withContainer({
    ports: [
      { name: 'a', containerPort: 80 },
      { name: 'a', containerPort: 81 },
    ],
  }),
  'a variable without a name': withContainer({ env: [{ value: 'x' }] }),
  'a variable of two sources': withContainer({
    env: [{ name: 'A', value: 'a', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
  }),
  'a field that is not there': withContainer({
    env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.nothing' } } }],
  }),
  'a mount without a volume': withContainer({ volumeMounts: [{ name: 'nothing', mountPath: '/x' }] }),
  'a mount path upwards': withContainer({ volumeMounts: [{ name: 'nothing', mountPath: '/x', subPath: '../y' }] }),
  'requests over limits': withContainer({ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }),
  'a resource that must not be overcommitted': withContainer({ resources: { requests: { 'nvidia.com/gpu': 1 } } }),
  'half a device': withContainer({ resources: { limits: { 'nvidia.com/gpu': '500m' } } }),
  'a negative amount': withContainer({ resources: { requests: { cpu: '-1' } } }),
  'a probe of nothing': withContainer({ livenessProbe: {} }),
  'a probe of two things': withContainer({ livenessProbe: { httpGet: { port: 80 }, tcpSocket: { port: 80 } } }),
  'a probe with a negative period': withContainer({
    livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: -1, successThreshold: 2 },
  }),
  'a restart policy that is none': pod('one', { restartPolicy: 'Sometimes' }),
  'a volume of nothing known': pod('one', {
    volumes: [
      { name: 'a', secret: {} },
      { name: 'a', emptyDir: {} },
    ],
  }),
  'a volume of two things': pod('one', { volumes: [{ name: 'a', emptyDir: {}, hostPath: { path: '/' } }] }),
  'a node selector that is none': pod('one', { nodeSelector: { 'not a key': 'x' } }),
  'a toleration that is none': pod('one', {
    tolerations: [
      { operator: 'Equal', value: 'x' },
      { key: 'a', effect: 'Sometimes' },
    ],
  }),
  'a negative grace': pod('one', { terminationGracePeriodSeconds: -1 }),
  'a deadline of 0': pod('one', { activeDeadlineSeconds: 0 }),
}

const DEPLOYMENTS: Readonly<Record<string, object>> = {
  'no selector': {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'one' },
    spec: { template: { spec: { containers: [container] } } },
  },
  'an empty selector': deployment('one', { selector: {} }),
  'a selector that misses its template': deployment('one', { selector: { matchLabels: { app: 'two' } } }),
  'a selector that is none': deployment('one', { selector: { matchExpressions: [{ key: 'app', operator: 'Near' }] } }),
  'negative replicas': deployment('one', { replicas: -1 }),
  'a strategy that is none': deployment('one', { strategy: { type: 'Sometimes' } }),
  'a strategy of neither': deployment('one', { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
  'a share over 100%': deployment('one', { strategy: { rollingUpdate: { maxUnavailable: '110%' } } }),
  'a strategy with what belongs to another': deployment('one', {
    strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } },
  }),
  'a deadline before readiness': deployment('one', { minReadySeconds: 600, progressDeadlineSeconds: 600 }),
  'pods that end': deployment('one', {
    template: { metadata: { labels: { app: 'one' } }, spec: { restartPolicy: 'Never', containers: [container] } },
  }),
  'no containers': deployment('one', { template: { metadata: { labels: { app: 'one' } }, spec: { containers: [] } } }),
}

const service = (spec: object, name = 'one') => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec })

const SERVICES: Readonly<Record<string, object>> = {
  'no ports': service({}),
  'a port out of range': service({ ports: [{ port: 0 }] }),
  'two ports without names': service({ ports: [{ port: 80 }, { port: 81 }] }),
  'two ports of a number': service({
    ports: [
      { name: 'a', port: 80 },
      { name: 'b', port: 80 },
    ],
  }),
  'a type that is none': service({ type: 'Sometimes', ports: [{ port: 80 }] }),
  'an address that is none': service({ clusterIP: 'here', ports: [{ port: 80 }] }),
  'an address of elsewhere': service({ clusterIP: '10.0.0.1', ports: [{ port: 80 }] }),
  'a target that is none': service({ ports: [{ port: 80, targetPort: 'Not A Name' }] }),
  'no name of elsewhere': service({ type: 'ExternalName' }),
  'a selector that is none': service({ selector: { a: 'not a value' }, ports: [{ port: 80 }] }),
}

const OTHERS: readonly (readonly [string, string, string, object])[] = [
  ['a config map with a key that is none', 'configmaps', '', configMap('one', { 'not/a key': '1' })],
  ['a config map with a key twice', 'configmaps', '', { ...configMap('one', { a: '1' }), binaryData: { a: 'AA==' } }],
  ['a secret with a key that is none', 'secrets', '', secret('one', { '..': 'MQ==' })],
  ['a docker secret without its key', 'secrets', '', { ...secret('one'), type: 'kubernetes.io/dockerconfigjson' }],
  [
    'a claim without anything',
    'persistentvolumeclaims',
    '',
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'one' }, spec: {} },
  ],
  [
    'a claim of nothing',
    'persistentvolumeclaims',
    '',
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'one' },
      spec: { accessModes: ['Sometimes'], resources: { requests: { storage: '0' } } },
    },
  ],
  [
    'a job whose pods never end',
    'jobs',
    'batch/v1',
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'one' },
      spec: { template: { spec: { containers: [container] } } },
    },
  ],
  [
    'a job of negative numbers',
    'jobs',
    'batch/v1',
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'one' },
      spec: {
        completions: -1,
        parallelism: -1,
        backoffLimit: -1,
        template: { spec: { restartPolicy: 'Never', containers: [container] } },
      },
    },
  ],
  [
    'a cron job without a schedule',
    'cronjobs',
    'batch/v1',
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'one' },
      spec: { jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } } } } },
    },
  ],
  [
    'a role with a rule of nothing',
    'roles',
    'rbac.authorization.k8s.io/v1',
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'one' }, rules: [{}] },
  ],
  [
    'a binding of nothing',
    'rolebindings',
    'rbac.authorization.k8s.io/v1',
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'one' },
      roleRef: {},
      subjects: [{}],
    },
  ],
  [
    'a quota of negative numbers',
    'resourcequotas',
    '',
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'one' }, spec: { hard: { pods: '-1' } } },
  ],
  [
    'an ingress of nothing',
    'ingresses',
    'networking.k8s.io/v1',
    { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'one' }, spec: {} },
  ],
  [
    'an autoscaler of nothing',
    'horizontalpodautoscalers',
    'autoscaling/v2',
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'one' },
      spec: { minReplicas: 5, maxReplicas: 3, scaleTargetRef: { kind: '', name: '' } },
    },
  ],
  [
    'a disruption budget of both',
    'poddisruptionbudgets',
    'policy/v1',
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'one' },
      spec: { minAvailable: 1, maxUnavailable: 1 },
    },
  ],
  [
    'a lease of no duration',
    'leases',
    'coordination.k8s.io/v1',
    {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'one' },
      spec: { leaseDurationSeconds: 0 },
    },
  ],
]

const refusals = (what: string, plural: string, groupVersion: string, bodies: Readonly<Record<string, object>>) =>
  Object.entries(bodies).map(([title, body]): ConformanceCase => ({
    title: `${what}: ${title}`,
    async run({ namespace, send }) {
      await send({ method: 'POST', path: pathIn(namespace, plural, groupVersion), body })
    },
  }))

export const cases: readonly ConformanceCase[] = [
  ...refusals('a pod', 'pods', '', PODS),
  ...refusals('a deployment', 'deployments', 'apps/v1', DEPLOYMENTS),
  ...refusals('a service', 'services', '', SERVICES),
  ...OTHERS.map(([title, plural, groupVersion, body]): ConformanceCase => ({
    title,
    async run({ namespace, send }) {
      await send({ method: 'POST', path: pathIn(namespace, plural, groupVersion), body })
    },
  })),
  {
    title: 'a docker secret that is not JSON',
    async run({ namespace, send }) {
      const body = { ...secret('one', { '.dockerconfigjson': 'eA==' }), type: 'kubernetes.io/dockerconfigjson' }
      await send({ method: 'POST', path: pathIn(namespace, 'secrets'), body })
    },
    differs: 'the sentence of Kubernetes ends with what its parser met; status, reason and field are the same',
  },
  {
    title: 'what may not change once it is there',
    async run({ namespace, prepare, send }) {
      const contentType = 'application/merge-patch+json'
      const pods = pathIn(namespace, 'pods')
      await prepare({ method: 'POST', path: pods, body: pod('one', { schedulerName: 'none' }) })
      const rename = { spec: { containers: [{ ...container, name: 'other' }] } }
      await send({ method: 'PATCH', path: `${pods}/one`, body: rename, contentType, compared: withoutDifference })
      const deployments = pathIn(namespace, 'deployments', 'apps/v1')
      await prepare({ method: 'POST', path: deployments, body: deployment('one') })
      const select = {
        spec: {
          selector: { matchLabels: { app: 'one', more: 'x' } },
          template: { metadata: { labels: { more: 'x' } } },
        },
      }
      await send({ method: 'PATCH', path: `${deployments}/one`, body: select, contentType })
      const services = pathIn(namespace, 'services')
      await prepare({ method: 'POST', path: services, body: service({ ports: [{ port: 80 }] }) })
      await send({
        method: 'PATCH',
        path: `${services}/one`,
        body: { spec: { clusterIP: '10.96.77.7' } },
        contentType,
        compared: withoutDifference,
      })
      const maps = pathIn(namespace, 'configmaps')
      await prepare({ method: 'POST', path: maps, body: { ...configMap('one', { a: '1' }), immutable: true } })
      await send({ method: 'PATCH', path: `${maps}/one`, body: { data: { a: '2' } }, contentType })
      await send({ method: 'PATCH', path: `${maps}/one`, body: { immutable: false }, contentType })
      const secrets = pathIn(namespace, 'secrets')
      await prepare({ method: 'POST', path: secrets, body: secret('one') })
      await send({ method: 'PATCH', path: `${secrets}/one`, body: { type: 'example.com/other' }, contentType })
      const bindings = pathIn(namespace, 'rolebindings', 'rbac.authorization.k8s.io/v1')
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'one' }
      await prepare({ method: 'POST', path: bindings, body: { metadata: { name: 'one' }, roleRef } })
      await send({ method: 'PATCH', path: `${bindings}/one`, body: { roleRef: { name: 'two' } }, contentType })
    },
  },
]

/** Without the dump of both states, in the notation of its language, with which Kubernetes goes on. */
function withoutDifference(body: unknown): unknown {
  const [message] = textAt(body, 'message').split('\n')
  const causes = listAt(body, 'details', 'causes').map((cause) => {
    return { ...asRecord(cause), message: textAt(cause, 'message').split('\n')[0] }
  })
  return { ...asRecord(body), message, details: { ...asRecord(fieldAt(body, 'details')), causes } }
}
