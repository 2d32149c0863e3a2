import { configMap, deployment, pathIn, pod } from '../bodies.ts'
import type { ConformanceCase, ServerUnderTest } from '../case.ts'

export const area = 'fields (types, strict validation)'

const STRATEGIC = 'application/strategic-merge-patch+json'
const DEPLOYMENTS = 'apps/v1'

/** A deployment whose only container is this one. */
const withContainer = (container: unknown): object => ({ spec: { template: { spec: { containers: [container] } } } })

/** Each has one value that is not of its field's type. */
const WRONG_TYPES: readonly object[] = [
  { spec: 'x' },
  { spec: { replicas: '2' } },
  { spec: { replicas: 2.5 } },
  { spec: { replicas: 99_999_999_999 } },
  { spec: { paused: 1 } },
  { spec: { template: { spec: { containers: {} } } } },
  { spec: { template: { spec: { nodeSelector: [] } } } },
  { metadata: { name: 5 } },
  { metadata: { labels: 'x' } },
  { metadata: { labels: { a: true } } },
  { metadata: { annotations: ['x'] } },
  { metadata: { finalizers: 'x' } },
  { metadata: { ownerReferences: ['x'] } },
  { metadata: { creationTimestamp: 'x' } },
  { metadata: [] },
  withContainer({ command: 'sh' }),
  withContainer({ ports: [{ containerPort: '80' }] }),
  withContainer({ env: [{ name: 'a', value: 5 }] }),
  withContainer({ resources: { limits: [] } }),
  withContainer({ resources: { limits: { cpu: 'x' } } }),
  withContainer({ resources: { limits: { cpu: true } } }),
  withContainer({ livenessProbe: { httpGet: { port: true } } }),
  withContainer('x'),
]

async function makeConfigMap({ namespace, prepare }: ServerUnderTest): Promise<string> {
  const path = pathIn(namespace, 'configmaps')
  await prepare({ method: 'POST', path, body: configMap('one', { a: 'b' }) })
  return `${path}/one`
}

export const cases: readonly ConformanceCase[] = [
  {
    title: 'a value of another type is refused, and its field and type are named',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'deployments', DEPLOYMENTS)
      for (const body of WRONG_TYPES) await send({ method: 'POST', path, body })
    },
  },
  {
    title: 'unknown fields are refused under strict validation, each by its place',
    async run({ namespace, send }) {
      const path = `${pathIn(namespace, 'deployments', DEPLOYMENTS)}?fieldValidation=Strict`
      const containers = [{ name: 'a', image: 'example/app:1', bar: 1 }, { Name: 'x' }]
      const template = { metadata: { labels: { app: 'one' }, foo: 1 }, spec: { containers, foo: { a: 1 } } }
      await send({ method: 'POST', path, body: { ...deployment('one', { template, foo: 1 }), bar: 1 } })
      await send({ method: 'POST', path, body: deployment('two', {}, { foo: 1 }) })
    },
  },
  {
    title: 'fields that come twice are refused under strict validation',
    async run({ namespace, send }) {
      const path = `${pathIn(namespace, 'configmaps')}?fieldValidation=Strict`
      const body = '{"metadata":{"name":"one","name":"two"},"data":{"a":"1","b":"2","a":"3"}}'
      await send({ method: 'POST', path, body })
      const yaml = 'metadata:\n  name: one\n  name: two\ndata:\n  a: "1"\nspec: {}\n'
      await send({ method: 'POST', path, body: yaml, contentType: 'application/yaml' })
    },
  },
  {
    title: 'without strict validation unknown fields are dropped with a warning, or in silence',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      const body = { ...configMap('one', { a: 'b' }, { foo: 1 }), spec: { x: 1 } }
      await send({ method: 'POST', path, body, warnings: true })
      await send({ method: 'PUT', path: `${path}/one?fieldValidation=Warn`, body, warnings: true })
      await send({ method: 'PUT', path: `${path}/one?fieldValidation=Ignore`, body, warnings: true })
      const yaml = 'metadata:\n  name: two\n  name: three\ndata:\n  a: "1"\n'
      await send({ method: 'POST', path, body: yaml, contentType: 'application/yaml', warnings: true })
    },
  },
  {
    title: 'a field validation that nobody knows is refused',
    async run(server) {
      const path = await makeConfigMap(server)
      const query = '?fieldValidation=Hard'
      const collection = `${pathIn(server.namespace, 'configmaps')}${query}`
      await server.send({ method: 'POST', path: collection, body: configMap('two') })
      await server.send({ method: 'PUT', path: path + query, body: configMap('one') })
      await server.send({ method: 'PATCH', path: path + query, body: {}, contentType: STRATEGIC })
    },
  },
  {
    title: 'a strategic merge patch is held to the types of the fields',
    async run(server) {
      const path = await makeConfigMap(server)
      for (const body of [{ data: { a: 1 } }, { data: { a: true } }, { metadata: { labels: 5 } }, { immutable: 'yes' }])
        await server.send({ method: 'PATCH', path, body, contentType: STRATEGIC })
    },
  },
  {
    title: 'a strategic merge patch with unknown fields is refused under strict validation, and warned of otherwise',
    async run(server) {
      const path = await makeConfigMap(server)
      const patch = { method: 'PATCH', body: { spec: { x: 1 }, metadata: { foo: 1 } }, contentType: STRATEGIC }
      await server.send({ ...patch, path: `${path}?fieldValidation=Strict` })
      await server.send({ ...patch, path, warnings: true })
    },
  },
  {
    title: 'other patches with unknown or repeated fields are warned of',
    async run(server) {
      const path = await makeConfigMap(server)
      const merge = 'application/merge-patch+json'
      const json = 'application/json-patch+json'
      await server.send({ method: 'PATCH', path, body: { spec: { x: 1 } }, contentType: merge, warnings: true })
      const twice = '{"data":{"a":"1","a":"2"}}'
      await server.send({ method: 'PATCH', path, body: twice, contentType: merge, warnings: true })
      const operation = '[{"op":"add","path":"/data/a","value":"1","value":"3"}]'
      await server.send({ method: 'PATCH', path, body: operation, contentType: json, warnings: true })
      const unknown = [{ op: 'add', path: '/foo', value: 1 }]
      await server.send({ method: 'PATCH', path, body: unknown, contentType: json, warnings: true })
    },
  },
  {
    title: 'a merge patch to another type quotes the object that it would make',
    differs: 'The order of the fields in the quotation is not the same.',
    async run(server) {
      const path = await makeConfigMap(server)
      const contentType = 'application/merge-patch+json'
      await server.send({ method: 'PATCH', path, body: { data: { a: 1 } }, contentType })
    },
  },
  {
    title: 'unknown and repeated fields of one body are named in the order of the body',
    differs: 'The sandbox names repeated fields first.',
    async run({ namespace, send }) {
      const path = `${pathIn(namespace, 'configmaps')}?fieldValidation=Strict`
      await send({ method: 'POST', path, body: '{"metadata":{"name":"one","foo":1},"data":{"a":"1","a":"2"}}' })
    },
  },
  {
    title: 'nulls and empty lists and maps are left out, empty objects are kept',
    async run({ namespace, send }) {
      const spec = {
        nodeSelector: {},
        tolerations: [],
        hostname: null,
        securityContext: {},
        volumes: null,
        hostAliases: [],
      }
      const body = pod('one', spec, { labels: {}, annotations: null, finalizers: [] })
      // Which tolerations, volumes and accounts every pod gets is the business of admission.
      const compared = (answer: unknown): unknown => JSON.parse(JSON.stringify(answer, withoutAdmitted))
      await send({ method: 'POST', path: `${pathIn(namespace, 'pods')}?dryRun=All`, body, compared })
    },
  },
  {
    title: 'zeros, empty texts and false are left out where they say nothing, and kept where they do',
    async run({ namespace, send }) {
      const container = {
        name: 'main',
        image: 'example/app:1',
        tty: false,
        workingDir: '',
        imagePullPolicy: '',
        env: [{ name: 'a', value: '' }],
        ports: [{ containerPort: 80, hostPort: 0, name: '', protocol: '' }],
        livenessProbe: { initialDelaySeconds: 0, periodSeconds: 0, httpGet: { port: 80, path: '', scheme: '' } },
        volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: false, subPath: '' }],
        securityContext: { privileged: false, runAsUser: 0 },
      }
      const spec = {
        restartPolicy: '',
        hostNetwork: false,
        nodeName: '',
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 0,
        volumes: [{ name: 'v', emptyDir: { medium: '' } }],
        containers: [container],
      }
      const template = { metadata: { labels: { app: 'one' } }, spec }
      const body = deployment('one', { template, paused: false, minReadySeconds: 0, revisionHistoryLimit: 0 })
      await send({ method: 'POST', path: pathIn(namespace, 'deployments', DEPLOYMENTS), body })
      const policy = { metadata: { name: 'one' }, spec: { policyTypes: ['Ingress'] } }
      await send({ method: 'POST', path: pathIn(namespace, 'networkpolicies', 'networking.k8s.io/v1'), body: policy })
    },
  },
  {
    title: 'quantities have one form',
    async run({ namespace, send }) {
      const limits = { cpu: '1000m', memory: '1024Mi', 'example.com/gpu': 2 }
      const containers = [{ name: 'main', image: 'example/app:1', resources: { limits, requests: { cpu: 0.5 } } }]
      const template = { metadata: { labels: { app: 'one' } }, spec: { containers } }
      await send({
        method: 'POST',
        path: pathIn(namespace, 'deployments', DEPLOYMENTS),
        body: deployment('one', { template }),
      })
    },
  },
]

const ADMITTED = new Set(['tolerations', 'volumes', 'volumeMounts', 'serviceAccount', 'serviceAccountName'])

function withoutAdmitted(key: string, value: unknown): unknown {
  return ADMITTED.has(key) ? undefined : value
}
