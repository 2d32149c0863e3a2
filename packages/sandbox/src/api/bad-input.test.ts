import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fieldAt, listAt, stringAt } from './objects/fields.ts'
import { ADMIN_TOKEN, startTestServer } from './testing/test-server.ts'
import type { TestServer } from './testing/test-server.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

let api: TestServer
beforeAll(async () => {
  api = await startTestServer()
})
afterAll(() => api[Symbol.asyncDispose]())

/** What a server answers to bytes that no client of ours would send, up to the end of the connection. */
async function sendRaw(bytes: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: api.server.port, ca: api.server.caPem })
  let text = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => (text += chunk))
  socket.on('error', () => undefined)
  socket.write(bytes)
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}

function rawRequest(line: string, headers: readonly string[] = [], body = ''): string {
  const all = ['host: localhost', `authorization: Bearer ${ADMIN_TOKEN}`, 'connection: close', ...headers]
  return `${line} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n${body}`
}

function configMap(name: string, data: string): string {
  return `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"},"data":${data}}`
}

test.each([
  ['half a JSON text', '{"apiVersion":"v1",', 'application/json', 400],
  ['JSON with something behind it', `${configMap('behind', '{}')} x`, 'application/json', 400],
  ['a list', '[]', 'application/json', 400],
  ['a string', '"x"', 'application/json', 400],
  ['null, which has no name', 'null', 'application/json', 422],
  ['nothing', '', 'application/json', 400],
  ['a number as kind', '{"apiVersion":"v1","kind":5,"metadata":{"name":"five"}}', 'application/json', 400],
  ['YAML that ends too early', 'a: [b\nc: }', 'application/yaml', 400],
  ['a YAML bomb', yamlBomb(), 'application/yaml', 400],
  ['lists in lists in lists', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'application/json', 400],
  ['a YAML text of nothing but errors', '"'.repeat(200_000), 'application/yaml', 400],
  ['a YAML text of more than a mebibyte', 'a: b\n'.repeat(250_000), 'application/yaml', 413],
  ['lists in lists in YAML', `a: ${'['.repeat(20_000)}`, 'application/yaml', 400],
  ['an integer nobody can keep', '{"metadata":{"name":"int"},"spec":9007199254740993}', 'application/json', 400],
  ['bytes of protobuf that are none', 'hello', 'application/vnd.kubernetes.protobuf', 415],
  ['a form', 'a=b', 'application/x-www-form-urlencoded', 415],
  ['a media type that is none', configMap('none', '{}'), ';;;', 415],
])('%s is refused, and nothing of it is repeated in the answer', async (_what, body, type, status) => {
  const answer = await api.ask('POST', MAPS, { body, type })
  expect([answer.status, fieldAt(answer.body, 'kind'), fieldAt(answer.body, 'code')]).toEqual([
    status,
    'Status',
    status,
  ])
  expect(answer.text.length).toBeLessThan(500)
})

function yamlBomb(): string {
  const names = 'abcdefghij'.split('')
  const levels = names
    .slice(1)
    .map((name, level) => `${name}: &${name} [${Array(9).fill(`*${names[level]}`).join(',')}]`)
  return ['a: &a [x,x,x,x,x,x,x,x,x]', ...levels].join('\n')
}

test('of a YAML text with several documents the first counts, and of a key the last', async () => {
  const body =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata: {a: "1"}\ndata: {b: "2"}\n---\nkind: Secret\n'
  const answer = await api.ask('POST', MAPS, { body, type: 'application/yaml' })
  expect([answer.status, fieldAt(answer.body, 'data')]).toEqual([201, { b: '2' }])
})

test('keys that mean something to JavaScript are keys like any other', async () => {
  const data = '{"__proto__":"x","constructor":"y","toString":"z"}'
  await api.ask('POST', MAPS, { body: configMap('proto', data) })
  for (const type of ['application/merge-patch+json', 'application/strategic-merge-patch+json']) {
    const patched = await api.ask('PATCH', `${MAPS}/proto`, { body: '{"data":{"__proto__":"changed"}}', type })
    expect(patched.status).toBe(200)
  }
  const pointer = '[{"op":"add","path":"/__proto__/polluted","value":"x"}]'
  await api.ask('PATCH', `${MAPS}/proto`, { body: pointer, type: 'application/json-patch+json' })
  const answer = await api.ask('GET', `${MAPS}/proto`)
  expect(answer.text).toContain('"data":{"__proto__":"changed","constructor":"y","toString":"z"}')
  expect(fieldAt({}, 'polluted')).toBeUndefined()
})

test.each([
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/json-patch+json',
  'application/apply-patch+yaml',
])('%s that is nested without end is refused', async (type) => {
  await api.ask('POST', MAPS, { body: configMap('deep', '{}') })
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`
  const body = type.includes('json-patch') ? `[{"op":"add","path":"/data","value":${deep}}]` : deep
  expect((await api.ask('PATCH', `${MAPS}/deep?fieldManager=test`, { body, type })).status).toBe(400)
})

test('text comes back as it was sent', async () => {
  const value = '\u0000\u001f\u2028\u{1f600}€\\u0041 9007199254740993 1e400 \ud83d\ude00'
  await api.ask('POST', MAPS, { body: configMap('text', JSON.stringify({ value })) })
  expect(stringAt((await api.ask('GET', `${MAPS}/text`)).body, 'data', 'value')).toBe(value)
})

test('an object that etcd could not take is refused as etcd refuses it, and not kept', async () => {
  const deployments = '/apis/apps/v1/namespaces/default/deployments'
  const container = { name: 'a', image: 'a', env: [{ name: 'A', value: 'x'.repeat(1_600_000) }] }
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } }
  const body = { metadata: { name: 'large' }, spec: { selector: { matchLabels: { a: 'b' } }, template } }
  const answer = await api.ask('POST', deployments, { body })
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' }
  expect(answer.body).toEqual({ ...status, message: 'etcdserver: request is too large', code: 500 })
  expect(listAt((await api.ask('GET', deployments)).body, 'items')).toEqual([])
})

test.each([
  ['GET', '/elsewhere'],
  ['POST', '/elsewhere'],
  ['GET', '/apis/nonsense/v1/things'],
  ['GET', '/healthz/nonsense'],
  ['GET', '/apis/__proto__/v1/constructor'],
])('%s %s leads nowhere', async (method, path) => {
  const answer = await api.ask(method, path)
  expect([answer.status, answer.text]).toEqual([404, '404 page not found\n'])
})

test.each([
  ['GET /api/v1/namespaces/default/configmaps/../secrets', 404],
  ['GET /api/v1/namespaces/default/configmaps/%2e%2e', 400],
  ['GET /api/v1/namespaces/default/configmaps/a%2f..%2f..%2fsecrets', 404],
  ['GET /api/v1/../../../etc/passwd', 404],
  ['GET /api/v1/namespaces/default/configmaps/a%00b', 404],
  ['GET /api/v1/namespaces/default/configmaps/%zz', 400],
  ['GET http://elsewhere/api/v1/namespaces/default', 200],
  ['GET //api/v1', 404],
  ['BREW /api/v1/namespaces', 400],
  ['OPTIONS /api/v1/namespaces', 405],
])('%s is answered with %i', async (line, status) => {
  expect(await sendRaw(rawRequest(line))).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
})

test.each([
  ['bytes that are no HTTP', '\u0000\u0001hello\r\n\r\n'],
  ['a request without a host', 'GET /version HTTP/1.1\r\n\r\n'],
  ['a chunk without a length', rawRequest(`POST ${MAPS}`, ['transfer-encoding: chunked'], 'zz\r\n')],
  ['two lengths', rawRequest(`POST ${MAPS}`, ['content-length: 5', 'transfer-encoding: chunked'], '0\r\n\r\n')],
])('%s end the connection with 400', async (_what, bytes) => {
  expect(await sendRaw(bytes)).toMatch(/^HTTP\/1.1 400 /)
})

test('headers and paths up to a mebibyte are read', async () => {
  const path = `${MAPS}/${'a'.repeat(100_000)}`
  expect(await sendRaw(rawRequest(`GET ${path}`))).toMatch(/^HTTP\/1.1 404 /)
  const header = `x-long: ${'a'.repeat(500_000)}`
  expect(await sendRaw(rawRequest('GET /api/v1/namespaces/default', [header]))).toMatch(/^HTTP\/1.1 200 /)
})

test.each([
  ['text/html', 406],
  [';;;', 406],
  ['application/json;as=Nonsense;v=v1;g=meta.k8s.io', 406],
  ['application/json;as=Table;v=v9;g=meta.k8s.io', 406],
  ['text/html, application/yaml;q=0.3, application/json;q=0.9', 200],
  ['*/*', 200],
])('Accept: %s is answered with %i, by objects and by discovery', async (accept, status) => {
  for (const path of [MAPS, '/api', '/apis/apps/v1']) {
    const answer = await api.ask('GET', path, { accept })
    expect([path, answer.status, answer.headers['content-type']]).toEqual([path, status, 'application/json'])
  }
})

test('a body past the limit is refused on every verb, also while it is still being sent', async () => {
  const body = { data: { a: 'x'.repeat(3_200_000) } }
  for (const [method, path] of [
    ['POST', MAPS],
    ['PUT', `${MAPS}/text`],
    ['DELETE', `${MAPS}/text`],
  ] as const) {
    const answer = await api.ask(method, path, { body })
    expect([answer.status, fieldAt(answer.body, 'message')]).toEqual([
      413,
      'Request entity too large: limit is 3145728',
    ])
  }
  const headers = ['content-type: application/json', 'transfer-encoding: chunked']
  const chunk = `${(4 * 1024 * 1024).toString(16)}\r\n${'x'.repeat(4 * 1024 * 1024)}\r\n`
  expect(await sendRaw(rawRequest(`POST ${MAPS}`, headers, chunk))).toMatch(/^HTTP\/1.1 413 /)
})

test.each(['exec', 'attach', 'ephemeralcontainers'])('a person who asks a pod for %s is told why not', async (what) => {
  const answer = await api.ask('POST', `/api/v1/namespaces/default/pods/one/${what}?command=ls`, { body: {} })
  expect([answer.status, fieldAt(answer.body, 'message')]).toEqual([501, expect.stringContaining(`without ${what}`)])
})

test('a body whose stray fields would make gigabytes of text is refused with a hundred of them at most', async () => {
  const long = `{"${'k'.repeat(1_000_000)}":{${'"a":1,"a":1,'.repeat(1000)}"b":{${duplicates(100_000)}}}}`
  const path = `${MAPS}?fieldValidation=Strict`
  const one = await api.ask('POST', path, { body: `{"x":${long}}` })
  const many = await api.ask('POST', path, { body: `{${duplicates(1000)}}` })
  expect([one.status, one.text.match(/duplicate field/g)?.length]).toEqual([400, 1])
  expect([many.status, many.text.match(/duplicate field/g)?.length]).toEqual([400, 100])
})

/** Fields that are each there twice. */
function duplicates(count: number): string {
  return Array.from({ length: count }, (_, index) => `"${index}":1,"${index}":1`).join(',')
}
