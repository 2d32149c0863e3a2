import type { IncomingMessage, ServerResponse } from 'node:http'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { createHttpClient } from '../client/http-client.ts'
import type { TimeoutsConfig } from '../config/schema.ts'
import { toGatewayError } from '../errors.ts'
import { listen, Wire } from '../testing/listening.ts'
import { eventually, startServer } from '../testing/loopback.ts'
import { deliver, respondKept, type DeliverOptions, type RelayOutcome } from './deliver.ts'
import { upstreamHeaders } from './headers.ts'
import { openAnswer, type KeptAnswer } from './open-answer.ts'

const EVENTS = { 'content-type': 'text/event-stream' }
const JSON_TYPE = { 'content-type': 'application/json' }
const TOKEN = 'data: {"choices":[{"delta":{"content":"héllo 👋"}}]}\n\n'
const DONE = 'data: [DONE]\n\n'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

interface Options extends Partial<Omit<DeliverOptions, 'onToken'>> {
  readonly timeouts?: Partial<TimeoutsConfig>
  readonly isStream?: boolean
  /** Reads a refusal to its end and sends that. */
  readonly keeps?: boolean
}

/** What the relay said of a call. */
interface Relayed {
  outcome?: RelayOutcome
  kept?: KeptAnswer | undefined
  failedEarly?: boolean
  retryAfterMs?: number | undefined
  thrown?: string
  tokens: number
}

/** A port behind which every request is relayed to a server that answers like this. */
async function startRelay(answer: Answer, options: Options = {}) {
  const calls: { request: IncomingMessage; isClosed: boolean }[] = []
  const url = await startServer((request, response) => {
    const call = { request, isClosed: false }
    calls.push(call)
    response.once('close', () => (call.isClosed = true))
    request.resume().once('end', () => answer(response, request))
  })
  const client = createHttpClient(new URL(url), { connectMs: 2_000, idleMs: 3_000, maxConnections: 8 })
  onTestFinished(() => client.close())
  const relayed: Relayed = { tokens: 0 }
  const { port } = await listen('node', async (exchange) => {
    try {
      const opened = await openAnswer({
        endpoint: { client },
        request: { method: 'POST', path: '/v1/x', headers: upstreamHeaders(exchange.headers, 'id'), body: [] },
        exchange,
        timeouts: { connectMs: 2_000, firstByteMs: 10_000, idleMs: 10_000, totalMs: 0, ...options.timeouts },
        isStream: options.isStream ?? true,
        now: () => performance.now(),
      })
      relayed.failedEarly = opened.failedEarly
      relayed.retryAfterMs = opened.retryAfterMs
      if (options.keeps === true) {
        relayed.kept = await opened.readWholeError(1_000)
        if (relayed.kept !== undefined) respondKept(exchange, relayed.kept, { 'x-upstream': 'w' })
        else exchange.respond(502, {}, 'nothing kept')
        return
      }
      relayed.outcome = await deliver(opened, {
        exchange,
        upstream: 'w',
        headers: { 'x-upstream': 'w' },
        stripUsage: false,
        errorForm: 'envelope',
        heartbeatMs: 0,
        idleMs: 10_000,
        onToken: () => relayed.tokens++,
        ...options,
      })
    } catch (error) {
      relayed.thrown = error instanceof Error && 'kind' in error ? String(error.kind) : toGatewayError(error).code
      throw error
    }
  })
  const ask = (): Promise<Response> => fetch(`http://127.0.0.1:${port}/v1/x`, { method: 'POST' })
  return { port, ask, calls, relayed }
}

function sendAll(headers: Record<string, string>, text: string): Answer {
  return (response) => void response.writeHead(200, headers).end(text)
}

const neverAnswers = (): void => undefined
const REQUEST = 'POST /v1/x HTTP/1.1\r\nhost: g\r\ncontent-length: 0\r\n\r\n'

test('sends a whole answer with its length, and finds its usage', async () => {
  const body =
    '{"choices":[{"message":{"content":"\\"usage\\":{}"}}],"usage":{"prompt_tokens":3,"completion_tokens":4}}'
  const { ask, relayed } = await startRelay(sendAll({ ...JSON_TYPE, 'x-own': 'kept', server: 'uvicorn' }, body))
  const response = await ask()
  expect(response.headers.get('content-length')).toBe(String(body.length))
  expect(['x-own', 'x-upstream', 'server'].map((name) => response.headers.get(name))).toEqual(['kept', 'w', null])
  expect(await response.text()).toBe(body)
  expect(relayed.outcome).toEqual({
    kind: 'complete',
    usage: { promptTokens: 3, completionTokens: 4 },
    deltas: 0,
  })
})

test.each([
  ['with its length', (text: string) => ({ ...JSON_TYPE, 'content-length': String(text.length) })],
  ['in chunks', () => JSON_TYPE],
])('relays a long answer that comes %s, and finds the usage at its end', async (_name, headersFor) => {
  const text = `{"data":[${'0.25,'.repeat(200_000)}1],"usage":{"prompt_tokens":8,"total_tokens":8}}`
  const { ask, relayed } = await startRelay(sendAll(headersFor(text), text), { isStream: false })
  const response = await ask()
  expect((await response.text()) === text).toBe(true)
  expect(response.headers.get('content-length')).toBe(Object.entries(headersFor(text))[1]?.[1] ?? null)
  expect(relayed.outcome).toMatchObject({ kind: 'complete', usage: { promptTokens: 8, completionTokens: 0 } })
})

test.each([204, 404, 500])('relays an answer without a body and the status %i', async (status) => {
  const { ask, relayed } = await startRelay((response) => void response.writeHead(status).end())
  const response = await ask()
  expect([response.status, await response.text()]).toEqual([status, ''])
  expect(relayed.outcome).toMatchObject({ kind: 'complete', usage: undefined })
})

test('counts a stream and takes its usage from the upstream', async () => {
  const usage = 'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n'
  const { ask, relayed } = await startRelay(sendAll(EVENTS, TOKEN + TOKEN + usage + DONE))
  const response = await ask()
  expect(response.headers.get('cache-control')).toBe('no-cache')
  expect(await response.text()).toBe(TOKEN + TOKEN + usage + DONE)
  expect(relayed.outcome).toEqual({ kind: 'complete', usage: { promptTokens: 1, completionTokens: 2 }, deltas: 2 })
  expect(relayed.tokens).toBeGreaterThan(0)
})

test('keeps the usage that the gateway asked for to itself', async () => {
  const usage = 'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n'
  const nulled = TOKEN.replace(/}\n\n$/, ',"usage":null}\n\n')
  const { ask, relayed } = await startRelay(
    (response) => {
      response.writeHead(200, EVENTS).write(nulled + nulled.slice(0, 30))
      setTimeout(() => response.end(nulled.slice(30) + usage + DONE), 20)
    },
    { stripUsage: true },
  )
  expect(await (await ask()).text()).toBe(TOKEN + TOKEN + DONE)
  expect(relayed.outcome).toEqual({ kind: 'complete', usage: { promptTokens: 1, completionTokens: 2 }, deltas: 2 })
})

test('hands over each event as it comes', async () => {
  const responses: ServerResponse[] = []
  const { port } = await startRelay((response) => {
    responses.push(response.writeHead(200, EVENTS))
    response.write(TOKEN)
  })
  const wire = new Wire(port).send(REQUEST)
  await eventually(() => wire.received.includes('data: {')).toBe(true)
  responses[0]?.end(DONE)
  await eventually(() => wire.received.includes('[DONE]')).toBe(true)
})

test('takes a stream of the Responses API for complete without [DONE]', async () => {
  const text = `event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"a"}\n\nevent: response.completed\ndata: {"type":"response.completed","response":{"usage":{"input_tokens":1,"output_tokens":1}}}\n\n`
  const { ask, relayed } = await startRelay(sendAll(EVENTS, text))
  expect(await (await ask()).text()).toBe(text)
  expect(relayed.outcome).toEqual({ kind: 'complete', usage: { promptTokens: 1, completionTokens: 1 }, deltas: 1 })
})

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])('decodes a stream that comes compressed by %s though it was not to', async (coding, compress) => {
  const { ask, relayed } = await startRelay((response) => {
    response.writeHead(200, { ...EVENTS, 'content-encoding': coding }).end(compress(`${TOKEN}${DONE}`))
  })
  const answer = await ask()
  expect(answer.headers.get('content-encoding')).toBe(null)
  expect(await answer.text()).toBe(`${TOKEN}${DONE}`)
  expect(relayed.outcome).toEqual({ kind: 'complete', usage: undefined, deltas: 1 })
})

test('ends a compressed stream that breaks off with an error event', async () => {
  const whole = gzipSync(`${TOKEN}${DONE}`)
  const { ask, relayed } = await startRelay((response) => {
    response.writeHead(200, { ...EVENTS, 'content-encoding': 'gzip' }).end(whole.subarray(0, -12))
  })
  expect(await (await ask()).text()).toContain('"upstream_error"')
  expect(relayed.outcome).toMatchObject({ kind: 'cut' })
})

test('passes a stream of an unknown coding on as it is', async () => {
  const { ask, relayed } = await startRelay((response) => {
    response.writeHead(200, { ...EVENTS, 'content-encoding': 'x-own' }).end(TOKEN)
  })
  expect(await (await ask()).text()).toBe(TOKEN)
  expect(relayed.outcome).toEqual({ kind: 'complete', usage: undefined, deltas: 0 })
})

test.each([
  [
    'is reset between two events',
    TOKEN,
    (response: ServerResponse) => response.socket?.resetAndDestroy(),
    '',
    'upstream_error',
  ],
  [
    'is reset within an event',
    `${TOKEN}data: {"cho`,
    (response: ServerResponse) => response.socket?.resetAndDestroy(),
    '\n\n',
    'upstream_error',
  ],
  ['ends in order but without [DONE]', TOKEN, (response: ServerResponse) => response.end(), '', 'upstream_error'],
  ['falls silent', TOKEN, neverAnswers, '', 'upstream_timeout'],
])('ends a stream that %s with an error event', async (_name, sent, breakOff, separator, code) => {
  const { ask, relayed, calls } = await startRelay(
    (response) => void response.writeHead(200, EVENTS).write(sent, () => setTimeout(() => breakOff(response), 20)),
    { idleMs: 300 },
  )
  const text = await (await ask()).text()
  expect(text.startsWith(`${sent}${separator}data: {"error":`)).toBe(true)
  expect(text.endsWith('}\n\n')).toBe(true)
  expect(text).toContain(`"code":"${code}"`)
  expect(text).not.toContain('[DONE]')
  expect(relayed.outcome).toMatchObject({ kind: 'cut', error: { code }, deltas: 1 })
  await eventually(() => calls[0]?.isClosed).toBe(true)
})

test('lets go of half an event that a stripped stream breaks off in', async () => {
  const { ask } = await startRelay(
    (response) =>
      void response.writeHead(200, EVENTS).write(`${TOKEN}data: {"cho`, () => setTimeout(() => response.end(), 20)),
    { stripUsage: true },
  )
  expect(await (await ask()).text()).toMatch(/👋"}}\]}\n\ndata: {"error":/)
})

test('ends a stream of named events with the event that its clients expect, numbered as the next one', async () => {
  const created = 'event: response.created\ndata: {"type":"response.created","sequence_number":0}\n\n'
  const { ask } = await startRelay((response) => void response.writeHead(200, EVENTS).end(created), {
    errorForm: 'named',
  })
  const text = await (await ask()).text()
  expect(text.startsWith(`${created}event: error\ndata: `)).toBe(true)
  const message = 'The upstream w broke off its answer.'
  expect(JSON.parse(text.slice(created.length).split('data: ')[1] ?? '')).toEqual({
    type: 'error',
    code: 'upstream_error',
    message,
    param: null,
    sequence_number: 1,
    error: { message, type: 'upstream_error', param: null, code: 'upstream_error' },
  })
})

test('takes a stream that breaks behind [DONE] for complete', async () => {
  const { ask, relayed } = await startRelay(
    (response) =>
      void response
        .writeHead(200, EVENTS)
        .write(TOKEN + DONE, () => setTimeout(() => response.socket?.resetAndDestroy(), 20)),
  )
  expect(await (await ask()).text()).toBe(TOKEN + DONE)
  expect(relayed.outcome).toMatchObject({ kind: 'complete', deltas: 1 })
})

test.each([
  ['and ends', ''],
  ['and goes on to its [DONE]', DONE],
])('relays an error that the upstream reports in its stream once, %s, and calls it a failure', async (_name, end) => {
  const text = `${TOKEN}data: {"error":{"message":"out of memory"}}\n\n${end}`
  const { ask, relayed } = await startRelay((response) => {
    response.writeHead(200, EVENTS).write(TOKEN)
    setTimeout(() => response.end(text.slice(TOKEN.length)), 20)
  })
  expect(await (await ask()).text()).toBe(text)
  expect(relayed.failedEarly).toBe(false)
  expect(relayed.outcome).toMatchObject({ kind: 'cut', error: { code: 'upstream_error' } })
  expect(JSON.stringify(relayed.outcome)).not.toContain('out of memory')
})

test('breaks the connection when an answer that is no stream breaks off', async () => {
  const { ask, relayed } = await startRelay(
    (response) =>
      void response
        .writeHead(200, JSON_TYPE)
        .write('{"half":', () => setTimeout(() => response.socket?.resetAndDestroy(), 20)),
  )
  await expect((await ask()).text()).rejects.toThrow()
  expect(relayed.outcome).toMatchObject({ kind: 'cut', error: { code: 'upstream_error' } })
})

test('says comments between the events of a silent stream, and none within an event', async () => {
  const responses: ServerResponse[] = []
  const { port } = await startRelay(
    (response) => {
      responses.push(response.writeHead(200, EVENTS))
      response.write(TOKEN)
    },
    { heartbeatMs: 20 },
  )
  const wire = new Wire(port).send(REQUEST)
  await eventually(() => wire.received.split(': keep-alive\n\n').length).toBeGreaterThan(3)
  responses[0]?.write('data: {"choices":')
  await eventually(() => wire.received.includes('data: {"choices":\r\n')).toBe(true)
  await new Promise((resolve) => setTimeout(resolve, 100))
  responses[0]?.end(`[]}\n\n${DONE}`)
  await eventually(() => wire.received.includes('[DONE]')).toBe(true)
  expect(wire.received.slice(wire.received.lastIndexOf('data: {"choices":'))).not.toContain('keep-alive')
})

test('sends nothing before the first event, however long it is silent', async () => {
  const { port, relayed } = await startRelay((response) => void response.writeHead(200, EVENTS).write(': ping\n\n'), {
    heartbeatMs: 10,
    timeouts: { firstByteMs: 200 },
  })
  const wire = new Wire(port).send(REQUEST)
  await eventually(() => relayed.thrown).toBe('timeout')
  await eventually(() => wire.received.includes('502') || wire.received.includes('500')).toBe(true)
  expect(wire.received).not.toContain(': keep-alive\n')
})

test.each([
  ['before a head', neverAnswers],
  ['before the first event', (response: ServerResponse) => void response.writeHead(200, EVENTS).write('data: {')],
  ['in a stream', (response: ServerResponse) => void response.writeHead(200, EVENTS).write(TOKEN)],
  ['in an answer that is no stream', (response: ServerResponse) => void response.writeHead(200, JSON_TYPE).write('{')],
])('ends the upstream call when the client leaves %s', async (_name, answer) => {
  const { port, calls, relayed } = await startRelay(answer)
  const wire = new Wire(port).send(REQUEST)
  await eventually(() => calls.length).toBe(1)
  if (answer !== neverAnswers) await new Promise((resolve) => setTimeout(resolve, 50))
  wire.socket.destroy()
  await eventually(() => calls[0]?.isClosed).toBe(true)
  await eventually(() => relayed.thrown ?? relayed.outcome?.kind).toMatch(/^client[-_]/)
})

test.each([
  ['breaks off before it answers', (response: ServerResponse) => response.socket?.resetAndDestroy(), 'broken'],
  [
    'breaks off before the first event',
    (response: ServerResponse) => {
      response.writeHead(200, EVENTS).write('data: {')
      setTimeout(() => response.socket?.resetAndDestroy(), 20)
    },
    'broken',
  ],
  [
    'ends before the first event',
    (response: ServerResponse) => response.writeHead(200, EVENTS).end(': ping\n\n'),
    'broken',
  ],
  ['does not answer in time', neverAnswers, 'timeout'],
  [
    'sends a head and nothing else in time',
    (response: ServerResponse) => response.writeHead(200, EVENTS).flushHeaders(),
    'timeout',
  ],
])('fails before a byte was sent when the upstream %s', async (_name, answer, kind) => {
  const { ask, relayed, calls } = await startRelay(answer, { timeouts: { firstByteMs: 300 } })
  await (await ask()).text()
  expect(relayed.thrown).toBe(kind)
  await eventually(() => calls[0]?.isClosed).toBe(true)
})

test('bounds the whole time of an answer that is no stream, and not that of a stream', async () => {
  const drip = (response: ServerResponse): void => {
    const timer = setInterval(() => response.write(TOKEN), 20)
    response.once('close', () => clearInterval(timer))
  }
  const options = { timeouts: { totalMs: 200 } }
  const whole = await startRelay((response) => drip(response.writeHead(200, JSON_TYPE)), {
    ...options,
    isStream: false,
  })
  await expect((await whole.ask()).text()).rejects.toThrow()
  expect(whole.relayed.outcome).toMatchObject({ kind: 'cut', error: { code: 'upstream_timeout' } })
  const stream = await startRelay(
    (response) => {
      drip(response.writeHead(200, EVENTS))
      setTimeout(() => response.end(DONE), 500)
    },
    { ...options, isStream: true },
  )
  expect(await (await stream.ask()).text()).toContain('[DONE]')
})

test.each([
  ['an error object', 'data: {"error":{"message":"no","code":400}}\n\n', 400, '{"error":{"message":"no","code":400}}'],
  [
    'an error event',
    'event: error\ndata: {"type":"error","message":"no","code":"bad"}\n\n',
    502,
    '{"error":{"message":"no","type":"upstream_error","param":null,"code":"bad"}}',
  ],
  [
    'an error text',
    'data: {"error":"no"}\n\n',
    502,
    '{"error":{"message":"no","type":"upstream_error","param":null,"code":null}}',
  ],
])(
  'recognises a stream that begins with %s, and gives it the form of a refusal',
  async (_name, event, status, body) => {
    const { ask, relayed } = await startRelay(sendAll(EVENTS, event + DONE), { keeps: true })
    const response = await ask()
    expect(relayed.failedEarly).toBe(true)
    expect([response.status, await response.text()]).toEqual([status, body])
  },
)

test('keeps a refusal with its headers, and says how long to wait', async () => {
  const { ask, relayed } = await startRelay(
    (response) => void response.writeHead(429, { ...JSON_TYPE, 'retry-after': '1.5' }).end('{"error":{"code":"slow"}}'),
    { keeps: true },
  )
  const response = await ask()
  expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([
    429,
    '1.5',
    '{"error":{"code":"slow"}}',
  ])
  expect([relayed.retryAfterMs, relayed.failedEarly]).toEqual([1500, false])
})

test.each([
  ['is too long', (response: ServerResponse) => void response.writeHead(500, JSON_TYPE).end('x'.repeat(200_000))],
  [
    'breaks off',
    (response: ServerResponse) => {
      response.writeHead(500, JSON_TYPE).write('{')
      setTimeout(() => response.socket?.resetAndDestroy(), 20)
    },
  ],
])('keeps no refusal that %s', async (_name, answer) => {
  const { ask, relayed } = await startRelay(answer, { keeps: true })
  expect(await (await ask()).text()).toBe('nothing kept')
  expect(relayed.kept).toBeUndefined()
})
