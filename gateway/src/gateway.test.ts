import { expect, test } from 'vitest'
import {
  eventually,
  chat,
  openSocket,
  rawChat,
  readToEnd,
  startTestGateway,
  startUpstream,
  TEST_KEY,
} from './testing/running.ts'

const ANSWER = '{"id":"c1", "object":"chat.completion","big":12345678901234567890}'

async function startPair(env: Record<string, string> = {}) {
  const upstream = await startUpstream(({ response }) => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'x-worker': 'w1',
      'content-length': ANSWER.length,
      'set-cookie': 'a=b',
      connection: 'x-hop, keep-alive',
      'x-hop': '1',
    })
    response.end(ANSWER)
  })
  const gateway = await startTestGateway({
    GATEWAY_UPSTREAMS: `worker=${upstream.url}`,
    GATEWAY_DEFAULT_UPSTREAM: 'worker',
    ...env,
  })
  return { gateway, upstream }
}

test('relays a plain chat byte for byte, both ways', async () => {
  const { gateway, upstream } = await startPair()
  const body = '{ "seed":12345678901234567890, "model" : "mock-worker", "unknown":{"a":[1.0]} }'
  const response = await chat(gateway.url, body)
  expect(response.status).toBe(200)
  expect(await response.text()).toBe(ANSWER)
  expect(upstream.received[0]?.body).toBe(body)
})

test('keeps credentials, cookies and hop-by-hop headers on their own side', async () => {
  const { gateway, upstream } = await startPair()
  const response = await chat(
    gateway.url,
    { model: 'm' },
    {
      'x-api-key': TEST_KEY,
      cookie: 'session=1',
      'x-forwarded-for': '10.0.0.1',
      'x-request-id': 'trace-1',
      'openai-organization': 'org',
    },
  )
  const sent = upstream.received[0]?.request.headers
  expect(sent).toMatchObject({ 'x-request-id': 'trace-1', 'openai-organization': 'org', 'accept-encoding': 'identity' })
  expect(JSON.stringify(sent)).not.toMatch(/nvapi|cookie|forwarded|authorization/)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'x-request-id': 'trace-1',
    'x-upstream': 'worker',
    'x-worker': 'w1',
    'content-length': String(ANSWER.length),
  })
  expect(response.headers.has('x-hop')).toBe(false)
  expect(response.headers.has('set-cookie')).toBe(false)
})

test('passes an error answer of the upstream on as it is', async () => {
  const upstream = await startUpstream(({ response }) => {
    response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '7' })
    response.end('{"error":{"message":"busy"}}')
  })
  const gateway = await startTestGateway({ GATEWAY_UPSTREAMS: `w=${upstream.url}` })
  const response = await chat(gateway.url, { model: 'w' })
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7'])
  expect(await response.text()).toBe('{"error":{"message":"busy"}}')
})

test.each([
  ['an unsafe request id', 'a b\u00e9'],
  ['a long request id', 'a'.repeat(129)],
])('replaces %s', async (_name, id) => {
  const { gateway } = await startPair()
  const response = await fetch(`${gateway.url}/health`, { headers: { 'x-request-id': id } })
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
})

test.each([
  ['no key', 'POST', '/v1/chat/completions', {}, '', 401, 'invalid_api_key'],
  ['a wrong key', 'GET', '/v1/models', { 'x-api-key': 'nvapi-test-wrong' }, undefined, 401, 'invalid_api_key'],
  ['a body that is no JSON', 'POST', '/v1/chat/completions', { 'x-api-key': TEST_KEY }, 'hello', 400, 'invalid_json'],
  ['a body without a model', 'POST', '/v1/chat/completions', { 'x-api-key': TEST_KEY }, '{}', 400, 'invalid_model'],
  [
    'a compressed body',
    'POST',
    '/v1/chat/completions',
    { 'x-api-key': TEST_KEY, 'content-encoding': 'gzip' },
    'x',
    415,
    'unsupported_content_encoding',
  ],
  ['an unknown path', 'GET', '/v1/files', { 'x-api-key': TEST_KEY }, undefined, 404, 'unknown_url'],
  ['another spelling of a path', 'POST', '/v1//chat/completions', { 'x-api-key': TEST_KEY }, '{}', 404, 'unknown_url'],
  ['an encoded path', 'POST', '/v1/chat%2Fcompletions', { 'x-api-key': TEST_KEY }, '{}', 404, 'unknown_url'],
  ['another method', 'DELETE', '/v1/chat/completions', { 'x-api-key': TEST_KEY }, undefined, 405, 'method_not_allowed'],
  ['an unknown model id', 'GET', '/v1/models/no%2Fmodel', { 'x-api-key': TEST_KEY }, undefined, 404, 'model_not_found'],
  ['a broken escape', 'GET', '/v1/models/%zz', { 'x-api-key': TEST_KEY }, undefined, 400, 'bad_request'],
])('answers %s with an OpenAI envelope', async (_name, method, path, headers, body, status, code) => {
  const { gateway, upstream } = await startPair()
  const response = await fetch(gateway.url + path, { method, headers, ...(body === undefined ? {} : { body }) })
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ error: { code } })
  expect(response.headers.get('x-request-id')).not.toBeNull()
  expect(upstream.received).toEqual([])
})

test('refuses an unknown model when there is no default upstream', async () => {
  const gateway = await startTestGateway({ GATEWAY_UPSTREAMS: 'local=mock://local' })
  const response = await chat(gateway.url, { model: 'gpt-9' })
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ error: { code: 'model_not_found', param: 'model' } })
})

test('refuses a body by its announced size before any of it arrives, and by its real size otherwise', async () => {
  const { gateway, upstream } = await startPair({ GATEWAY_MAX_BODY_BYTES: '1024' })
  const socket = await openSocket(gateway.url)
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nx-api-key: ${TEST_KEY}\r\ncontent-length: 9999999\r\n\r\n{`,
  )
  const early = await new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
  expect(early).toMatch(/^HTTP\/1\.1 413 /)
  const chunked = new ReadableStream({
    start: (controller) => {
      controller.enqueue(Buffer.from(`{"model":"${'m'.repeat(4096)}"}`))
      controller.close()
    },
  })
  const late = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-api-key': TEST_KEY },
    body: chunked,
    duplex: 'half',
  })
  expect(late.status).toBe(413)
  expect(upstream.received).toEqual([])
})

test('tells a client that asks first to go on only after its key was accepted', async () => {
  const { gateway } = await startPair()
  const expecting = 'expect: 100-continue\r\nconnection: close\r\n'
  const allowed = await openSocket(gateway.url)
  allowed.write(rawChat('{"model":"worker"}', expecting))
  expect(await readToEnd(allowed)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
  const refused = await openSocket(gateway.url)
  refused.write(rawChat('{"model":"worker"}', expecting).replace(TEST_KEY, 'wrong'))
  expect(await readToEnd(refused)).toMatch(/^HTTP\/1\.1 401 /)
})

test.each([
  ['two lengths', 'POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
  [
    'a length beside chunks',
    'POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a folded header', 'GET /health HTTP/1.1\r\nhost: g\r\nx-a: b\r\n c\r\n\r\n'],
  ['a space before the colon', 'GET /health HTTP/1.1\r\nhost : g\r\n\r\n'],
  ['no HTTP', 'hello\r\n\r\n'],
])('refuses %s and closes the connection', async (_name, bytes) => {
  const { gateway } = await startPair()
  const socket = await openSocket(gateway.url)
  socket.write(bytes)
  const answer = await readToEnd(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer).toContain('"error"')
})

test('writes no refusal into an answer that has begun', async () => {
  const upstream = await startUpstream(({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: 1\n\n')
  })
  const gateway = await startTestGateway({ GATEWAY_UPSTREAMS: `w=${upstream.url}` })
  const socket = await openSocket(gateway.url)
  socket.write(rawChat('{"model":"w","stream":true}'))
  const answer = readToEnd(socket)
  await eventually(() => socket.bytesRead).toBeGreaterThan(0)
  socket.write('garbage\r\n\r\n')
  upstream.received.at(-1)?.response.end('data: [DONE]\n\n')
  expect(await answer).toMatch(
    /^HTTP\/1\.1 200 OK\r\n[\s\S]*data: 1\n\n[\s\S]*\[DONE\]\n\n\r\n0\r\n\r\nHTTP\/1\.1 400 /,
  )
})

test('answers headers that are too large with 431', async () => {
  const { gateway } = await startPair()
  const socket = await openSocket(gateway.url)
  socket.write(`GET /health HTTP/1.1\r\nhost: g\r\ncookie: ${'c'.repeat(20_000)}\r\n\r\n`)
  expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 431 /)
})

test('serves health and metrics without a key and counts by route, not by path', async () => {
  const { gateway } = await startPair()
  await chat(gateway.url, { model: 'm' }).then((response) => response.text())
  await fetch(`${gateway.url}/secret/path`).then((response) => response.text())
  expect(await (await fetch(`${gateway.url}/health`)).json()).toEqual({ status: 'ok' })
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  expect(metrics).toContain('gateway_requests_total{method="POST",path="/v1/chat/completions",status="200"} 1')
  expect(metrics).toContain('gateway_requests_total{method="GET",path="other",status="404"} 1')
  expect(metrics).toContain('gateway_upstream_requests_total{upstream="worker",status="success"} 1')
  expect(metrics).not.toContain('/secret')
})

test('logs one line per request, without key or body', async () => {
  const { gateway } = await startPair()
  await chat(gateway.url, { model: 'm\nx', messages: [{ role: 'user', content: 'private words' }] }).then((r) =>
    r.text(),
  )
  await eventually(() => gateway.logged.filter((line) => line.includes('"request"'))).toHaveLength(1)
  const line = gateway.logged.find((entry) => entry.includes('"request"')) ?? ''
  expect(JSON.parse(line)).toMatchObject({
    status: 200,
    model: 'mx',
    upstream: 'worker',
    path: '/v1/chat/completions',
  })
  expect(gateway.logged.join('')).not.toMatch(/nvapi|private words/)
})

test('lists the static upstreams as models and finds one by its id', async () => {
  const { gateway } = await startPair()
  const headers = { 'x-api-key': TEST_KEY }
  const list: unknown = await (await fetch(`${gateway.url}/v1/models?limit=1`, { headers })).json()
  expect(list).toMatchObject({ object: 'list', data: [{ id: 'worker', object: 'model' }] })
  expect(await (await fetch(`${gateway.url}/v1/models/worker`, { headers })).json()).toMatchObject({ id: 'worker' })
})

test('answers from mock://local without a server', async () => {
  const gateway = await startTestGateway({ GATEWAY_UPSTREAMS: 'local=mock://local' })
  const answer: unknown = await (await chat(gateway.url, { model: 'local' })).json()
  expect(answer).toMatchObject({ model: 'local', choices: [{ message: { content: 'mock response' } }] })
  const events = await (await chat(gateway.url, { model: 'local', stream: true })).text()
  expect(events).toMatch(/mock response[\s\S]*data: \[DONE\]\n\n$/)
})
