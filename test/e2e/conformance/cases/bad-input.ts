import { configMap, deployment, pathIn } from '../bodies.ts'
import type { ConformanceCase } from '../case.ts'

export const area = 'bad input'

const PARSER =
  'the words of the parser: the sandbox has another one, and does not repeat the text, which may be a Secret'

export const cases: readonly ConformanceCase[] = [
  {
    title: 'a body that cannot be parsed is refused',
    differs: PARSER,
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      for (const body of ['{"apiVersion":"v1",', '{} x', '[]', '"x"', '12', '{"kind":5}'])
        await send({ method: 'POST', path, body })
      await send({ method: 'POST', path, body: 'a: [b\nc: }', contentType: 'application/yaml' })
    },
  },
  {
    title: 'of a body in YAML the first document counts, and of a key the last',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\n'
      const body = `${head}data: {a: "1"}\ndata: {b: "2"}\n---\nkind: Secret\n`
      await send({ method: 'POST', path, body, contentType: 'application/yaml' })
      await send({ method: 'GET', path: `${path}/yaml` })
    },
  },
  {
    title: 'a body of another media type is refused',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      for (const contentType of ['text/plain', 'application/x-www-form-urlencoded', 'application/cbor', ';;;'])
        await send({ method: 'POST', path, body: configMap('one'), contentType })
      await send({ method: 'PUT', path: `${path}/one`, body: configMap('one'), contentType: 'text/plain' })
      await send({ method: 'DELETE', path: `${path}/one`, body: {}, contentType: 'text/plain' })
    },
  },
  {
    title: 'the media type of a body is read without regard to capitals and parameters',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      await send({ method: 'POST', path, body: configMap('one'), contentType: 'Application/JSON' })
      await send({ method: 'POST', path, body: configMap('two'), contentType: 'application/json; charset=utf-8' })
    },
  },
  {
    title: 'an answer that nobody can give is refused with 406',
    differs: 'the list of what there is: the sandbox answers in JSON and YAML, not in protobuf',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      const table = 'application/json;as=Table;v=v9;g=meta.k8s.io'
      for (const accept of ['text/html', ';;;', 'application/json;as=Nonsense;v=v1;g=meta.k8s.io', table]) {
        await send({ method: 'GET', path, accept })
        await send({ method: 'GET', path: '/apis/apps/v1', accept })
      }
    },
  },
  {
    title: 'of several media types the client gets the one it prefers',
    async run({ namespace, send }) {
      const accept = 'text/html, application/yaml;q=0.3, application/json;q=0.9'
      await send({ method: 'GET', path: pathIn(namespace, 'configmaps/none'), accept })
    },
  },
  {
    title: 'a body of more than three mebibytes is refused with 413',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      const body = configMap('large', { a: 'x'.repeat(3_200_000) })
      await send({ method: 'POST', path, body })
      await send({ method: 'PUT', path: `${path}/large`, body })
      await send({ method: 'PATCH', path: `${path}/large`, body, contentType: 'application/merge-patch+json' })
    },
  },
  {
    title: 'an object that the store does not take is refused',
    async run({ namespace, send }) {
      await send({
        method: 'POST',
        path: pathIn(namespace, 'configmaps'),
        body: configMap('a', { a: 'x'.repeat(1_100_000) }),
      })
      const env = [{ name: 'A', value: 'x'.repeat(1_600_000) }]
      const containers = [{ name: 'main', image: 'example/app:1', env }]
      const template = { metadata: { labels: { app: 'large' } }, spec: { containers } }
      const path = pathIn(namespace, 'deployments', 'apps/v1')
      await send({ method: 'POST', path, body: deployment('large', { template }) })
      await send({ method: 'GET', path: `${path}/large` })
    },
  },
  {
    title: 'an integer that the sandbox cannot keep exactly is refused',
    differs: 'the sandbox keeps integers up to 2^53 - 1 and refuses larger ones; Kubernetes keeps 64 bits',
    async run({ namespace, send }) {
      const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"integer","generation":9007199254740993}}'
      await send({ method: 'POST', path: pathIn(namespace, 'configmaps'), body })
    },
  },
  {
    title: 'keys and texts are kept as they were sent',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      const data = '{"__proto__":"x","constructor":"y","toString":"\\u0000\\u2028\\ud83d\\ude00€ 9007199254740993"}'
      await send({
        method: 'POST',
        path,
        body: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"keys"},"data":${data}}`,
      })
      const contentType = 'application/merge-patch+json'
      await send({ method: 'PATCH', path: `${path}/keys`, body: '{"data":{"__proto__":"changed"}}', contentType })
      await send({ method: 'GET', path: `${path}/keys` })
    },
  },
  {
    title: 'a path that leads nowhere is answered with 404',
    async run({ namespace, send }) {
      const paths = ['/nothing', '/apis/nonsense', '/apis/nonsense/v1/things', '/healthz/nonsense', '/apis/apps/v9']
      for (const path of [...paths, '/api/v1/nonsense', '/apis/__proto__/v1/constructor', '/api/v1/x/y/z/a/b/c/d'])
        await send({ method: 'GET', path })
      await send({ method: 'POST', path: '/nothing', body: {} })
      for (const name of ['a%2fb', 'a%2f..%2fb', 'a/b/c', '%e2%82%ac', 'a%20b', 'x'.repeat(10_000)])
        await send({ method: 'GET', path: pathIn(namespace, `configmaps/${name}`) })
    },
  },
  {
    title: 'a path that is not in percent-encoding is refused',
    differs: 'Kubernetes refuses it before it has a Status to refuse it with',
    async run({ namespace, send }) {
      await send({ method: 'GET', path: pathIn(namespace, 'configmaps/%zz') })
    },
  },
  {
    title: 'a method that a path does not have is refused with 405',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      for (const method of ['PUT', 'PATCH', 'OPTIONS', 'TRACE']) await send({ method, path, body: {} })
      await send({ method: 'POST', path: `${path}/one`, body: configMap('one') })
      await send({ method: 'POST', path: '/api/v1/configmaps', body: configMap('one') })
      await send({ method: 'POST', path: '/api', body: {} })
      await send({ method: 'POST', path: '/version', body: {} })
    },
  },
  {
    title: 'a number in a query is one',
    async run({ namespace, send }) {
      for (const limit of ['many', '1.5', '99999999999999999999'])
        await send({ method: 'GET', path: pathIn(namespace, `configmaps?limit=${limit}`) })
      await send({ method: 'GET', path: pathIn(namespace, 'configmaps?watch=true&timeoutSeconds=soon') })
      await send({ method: 'GET', path: pathIn(namespace, 'configmaps?limit=-1&labelSelector=none') })
    },
  },
]
