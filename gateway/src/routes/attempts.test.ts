import { expect, test } from 'vitest'
import { ask, seriesOf, startAnswering, startConfigured, status } from '../testing/configured.ts'
import { eventually, openSocket, rawChat, TEST_KEY, type Received } from '../testing/running.ts'

const OK = '{"choices":[]}'
const STREAM = { 'content-type': 'text/event-stream' }
const TOKEN = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'

const resets = ({ request }: Received): void => void request.socket.resetAndDestroy()
const neverAnswers = (): void => undefined

test.each([
  ['answers 502', status(502, '{}'), '502'],
  ['answers 503', status(503, '{}'), '503'],
  ['answers 504', status(504, '{}'), '504'],
  ['breaks off before it answers', resets, '502'],
  [
    'begins its stream with an error',
    ({ response }: Received) => void response.writeHead(200, STREAM).end('data: {"error":{"message":"no"}}\n\n'),
    '502',
  ],
])('repeats a call whose upstream %s, with the body as it came', async (_name, fail, reason) => {
  const upstream = await startAnswering(fail, status(200, OK))
  const gateway = await startConfigured({ w: { url: upstream.url, streamUsage: false } })
  const body = '{ "seed":12345678901234567890, "model" : "w", "stream":true, "unknown":{"a":[1.0]} }'
  const response = await ask(gateway.url, body)
  expect([response.status, await response.text()]).toEqual([200, OK])
  expect(response.headers.get('x-nexus-attempts')).toBe('2')
  expect(upstream.received.map((call) => call.body)).toEqual([body, body])
  expect(await seriesOf(gateway.url, `gateway_retries_total{reason="${reason}"}`)).toBe(1)
})

test.each([
  ['answers 400', status(400, '{"error":{}}'), 400],
  ['answers 401', status(401, '{"error":{}}'), 401],
  ['answers 404', status(404, '{"error":{}}'), 404],
  ['answers 422', status(422, '{"error":{}}'), 422],
  ['answers 500', status(500, '{"error":{}}'), 500],
  ['asks for a pause by 429', status(429, '{"error":{}}'), 429],
  ['asks for a pause by 503', status(503, '{"error":{}}', { 'retry-after': '9' }), 503],
  ['does not answer in time', neverAnswers, 504],
])('does not repeat a call whose only server %s', async (_name, answer, expected) => {
  const upstream = await startAnswering(answer)
  const gateway = await startConfigured({ w: upstream.url }, { timeouts: { firstByteMs: 300 } })
  expect((await ask(gateway.url, { model: 'w' })).status).toBe(expected)
  expect(upstream.received).toHaveLength(1)
  const metrics = await (await fetch(`${gateway.url}/metrics`, { headers: { connection: 'close' } })).text()
  expect(metrics).not.toContain('gateway_retries_total{')
})

test('repeats nothing once a byte of the answer was sent, and moves on to no other model', async () => {
  const upstream = await startAnswering((received) => {
    received.response.writeHead(200, STREAM).write(TOKEN, () => setTimeout(() => resets(received), 20))
  })
  const backup = await startAnswering(status(200, OK))
  const gateway = await startConfigured(
    { w: upstream.url, backup: backup.url },
    { models: [{ id: 'w', fallback: { models: ['backup'] } }] },
  )
  const text = await (await ask(gateway.url, { model: 'w', stream: true })).text()
  expect(text.startsWith(`${TOKEN}data: {"error":`)).toBe(true)
  expect([upstream.received.length, backup.received.length]).toEqual([1, 0])
  expect(await seriesOf(gateway.url, 'gateway_stream_errors_total{phase="mid"}')).toBe(1)
})

test('counts an answer that is no stream and breaks off as a failure of its upstream, and as no stream', async () => {
  const upstream = await startAnswering((received) => {
    const head = { 'content-type': 'application/json', 'content-length': '100' }
    received.response.writeHead(200, head).write('{"half":', () => setTimeout(() => resets(received), 20))
  })
  const gateway = await startConfigured({ w: upstream.url })
  await expect((await ask(gateway.url, { model: 'w' })).text()).rejects.toThrow()
  const failures = 'gateway_upstream_requests_total{upstream="w",status="error"}'
  await eventually(() => seriesOf(gateway.url, failures)).toBe(1)
  expect(await seriesOf(gateway.url, 'gateway_stream_errors_total{phase="mid"}')).toBe(0)
})

test('repeats no call where the budget allows none', async () => {
  const upstream = await startAnswering(status(503, '{}'))
  const gateway = await startConfigured({ w: upstream.url }, { retries: { maxAttempts: 5, budgetPercent: 0 } })
  expect((await ask(gateway.url, { model: 'w' })).status).toBe(503)
  expect(upstream.received).toHaveLength(1)
})

test('ends the wait for the next attempt when the client leaves', async () => {
  const upstream = await startAnswering(status(503, '{}'))
  const retries = { maxAttempts: 2, backoffMs: [600_000, 600_000] }
  const gateway = await startConfigured({ w: upstream.url }, { retries })
  const socket = await openSocket(gateway.url)
  socket.write(rawChat('{"model":"w"}'))
  await eventually(() => seriesOf(gateway.url, 'gateway_retries_total{reason="503"}')).toBe(1)
  socket.destroy()
  await eventually(() => seriesOf(gateway.url, 'gateway_client_aborts_total')).toBe(1)
  await eventually(() => gateway.logged.some((line) => line.includes('"status":499'))).toBe(true)
  expect(upstream.received).toHaveLength(1)
})

test('counts what a client that left was given, and says that it was counted', async () => {
  const upstream = await startAnswering(
    ({ response }) => void response.writeHead(200, STREAM).write(TOKEN + TOKEN + TOKEN),
  )
  const gateway = await startConfigured({ w: upstream.url })
  const socket = await openSocket(gateway.url)
  let received = ''
  socket.on('data', (piece) => (received += String(piece)))
  socket.write(rawChat('{"model":"w","stream":true}'))
  await eventually(() => received.split(TOKEN).length).toBe(4)
  socket.destroy()
  await upstream.received[0]?.closed
  const usageLine = (): string => gateway.logged.find((line) => line.includes('"event":"usage"')) ?? '{}'
  await eventually(usageLine).not.toBe('{}')
  expect(JSON.parse(usageLine())).toMatchObject({ status: 499, completion_tokens: 3, source: 'counted' })
  const series = 'gateway_tokens_total{model="w",direction="completion",source="counted"}'
  expect(await seriesOf(gateway.url, series)).toBe(3)
})

test.each([
  ['cannot be reached', undefined],
  ['answers 429', status(429, '{}')],
  ['answers 500', status(500, '{}')],
  ['breaks off before it answers', resets],
  ['does not answer in time', neverAnswers],
])('moves on to the next model where the upstream %s', async (_name, answer) => {
  const { url } = answer === undefined ? { url: 'http://127.0.0.1:9' } : await startAnswering(answer)
  const backup = await startAnswering(status(200, OK))
  const gateway = await startConfigured(
    { w: url, other: backup.url },
    {
      models: [
        { id: 'm', route: { strategy: 'direct', target: 'w' }, fallback: { models: ['backup'] } },
        { id: 'backup', route: { strategy: 'direct', target: 'other' } },
      ],
      timeouts: { firstByteMs: 300 },
    },
  )
  const response = await ask(gateway.url, '{"seed":12345678901234567890,"model":"m"}')
  expect([response.status, await response.text()]).toEqual([200, OK])
  expect([response.headers.get('x-upstream'), response.headers.get('x-fallback-model')]).toEqual(['other', 'backup'])
  expect(backup.received.map((call) => call.body)).toEqual(['{"seed":12345678901234567890,"model":"backup"}'])
  expect(await seriesOf(gateway.url, 'gateway_fallback_used_total{from_model="m",to_model="backup"}')).toBe(1)
})

test('says when to ask again where no server can be reached', async () => {
  const gateway = await startConfigured({ w: 'http://127.0.0.1:9' }, {})
  const { status, headers } = await ask(gateway.url, { model: 'w' })
  expect([status, headers.get('retry-after')]).toEqual([503, '1'])
})

test.each([400, 401, 403, 404, 413, 422])('moves on to no other model where the upstream answers %i', async (code) => {
  const upstream = await startAnswering(status(code, '{"error":{"message":"yours"}}'))
  const backup = await startAnswering(status(200, OK))
  const gateway = await startConfigured(
    { w: upstream.url, backup: backup.url },
    { models: [{ id: 'w', fallback: { models: ['backup'] } }] },
  )
  const response = await ask(gateway.url, { model: 'w' })
  expect([response.status, await response.text()]).toEqual([code, '{"error":{"message":"yours"}}'])
  expect(backup.received).toEqual([])
})

test('passes the last refusal on as it was written, where nobody answers', async () => {
  const upstream = await startAnswering(status(503, '{"error":{"message":"first"}}'))
  const backup = await startAnswering(status(429, '{"error":{"message":"last"}}', { 'retry-after': '7' }))
  const gateway = await startConfigured(
    { w: upstream.url, backup: backup.url },
    { models: [{ id: 'w', fallback: { models: ['backup'] } }] },
  )
  const response = await ask(gateway.url, { model: 'w' })
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7'])
  expect(await response.text()).toBe('{"error":{"message":"last"}}')
})

test('takes nothing from the limits of a caller for what no upstream took on', async () => {
  const gateway = await startConfigured(
    { w: 'http://127.0.0.1:9' },
    { limits: { default: { requestsPerWindow: 2 } }, retries: { maxAttempts: 1 } },
  )
  for (let call = 0; call < 4; call++) expect((await ask(gateway.url, { model: 'w' })).status).toBe(503)
})

test('goes by the model of the body, whatever the query says', async () => {
  const [allowed, forbidden] = await Promise.all([startAnswering(status(200, OK)), startAnswering(status(200, OK))])
  const gateway = await startConfigured({ w: allowed.url, forbidden: forbidden.url })
  const url = `${gateway.url}/v1/chat/completions?model=forbidden`
  const headers = { 'x-api-key': TEST_KEY, connection: 'close' }
  expect((await fetch(url, { method: 'POST', headers, body: '{"model":"w"}' })).status).toBe(200)
  expect(allowed.received[0]?.request.url).toBe('/v1/chat/completions')
  expect(forbidden.received).toEqual([])
})

test('puts no heartbeat into an answer that is no stream', async () => {
  const upstream = await startAnswering(({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"choices":')
    setTimeout(() => response.end('[]}'), 200)
  })
  const gateway = await startConfigured({ w: upstream.url }, { server: { heartbeatMs: 10 } })
  expect(await (await ask(gateway.url, { model: 'w' })).text()).toBe(OK)
})
