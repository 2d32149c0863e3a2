import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { pino, type Level } from 'pino'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Caller } from '../auth/caller.ts'
import { GatewayConfig } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { nameIn, readTable } from '../testing/reference.ts'
import type { CallRecord } from './call-record.ts'
import { createRecorder } from './recorder.ts'
import type { EndedCall } from './usage-record.ts'

const CALLER: Caller = {
  id: 'ada',
  method: 'api_key',
  isShared: false,
  team: 'blue',
  projects: new Set(['*']),
  models: undefined,
  limits: { requestsPerWindow: null, tokensPerMinute: null, concurrency: null },
}
const HASH = createHash('sha256').update('pepper:ada').digest('hex').slice(0, 16)
const Line = z.looseObject({ level: z.number(), time: z.number() })

/** A request that was answered. Nothing of the recorder calls what is left out. */
function exchangeOf(given: Partial<Exchange> = {}): Exchange {
  const refuse = (): never => {
    throw new Error('a recorder only reads')
  }
  return {
    requestId: 'r-1',
    method: 'POST',
    path: '/v1/chat/completions',
    headers: {},
    remoteAddress: '192.168.17.42',
    isClientGone: false,
    sent: { status: 200, bodyBytes: 512 },
    whenClientGone: refuse,
    whenClosed: refuse,
    readBody: refuse,
    respond: refuse,
    open: refuse,
    write: refuse,
    end: refuse,
    cut: refuse,
    ...given,
  }
}

function startRecorder(own: object = {}, level: Level = 'info') {
  const logged: string[] = []
  const used: EndedCall[] = []
  const config = GatewayConfig.parse({ privacy: { hashSalt: 'pepper' }, ...own })
  const metrics = createMetrics()
  const recorder = createRecorder({
    config: () => config,
    metrics,
    log: pino({ name: 'gw', level }, { write: (line: string) => void logged.push(line) }),
    usage: { write: (call) => void used.push(call), close: () => Promise.resolve() },
  })
  const record = (exchange: Exchange, known: Partial<CallRecord> = {}): void => {
    recorder.finish(exchange, Object.assign(recorder.begin(exchange), known))
  }
  const lines = () => logged.map((line) => Line.parse(JSON.parse(line)))
  return { recorder, record, metrics, logged, lines, used }
}

test('one line says what became of a request', () => {
  const { record, lines } = startRecorder()
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  record(exchangeOf({ headers: { traceparent } }), {
    route: '/v1/chat/completions',
    caller: CALLER,
    model: 'm',
    stream: true,
    upstream: 'worker',
    attempts: 2,
    fallbackModel: 'n',
    firstByteMs: 12.34,
    shadowed: true,
  })
  const { time, ...line } = Line.parse(lines()[0])
  expect(Math.abs(Date.now() - time)).toBeLessThan(3_600_000)
  expect(line['duration_ms']).toBeTypeOf('number')
  expect(line).toEqual({
    level: 30,
    name: 'gw',
    event: 'request',
    request_id: 'r-1',
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    method: 'POST',
    path: '/v1/chat/completions',
    status: 200,
    duration_ms: line['duration_ms'],
    bytes: 512,
    client_ip: '192.168.17.0',
    auth_method: 'api_key',
    key_id: 'ada',
    principal_hash: HASH,
    model: 'm',
    stream: true,
    upstream: 'worker',
    attempts: 2,
    fallback_model: 'n',
    first_byte_ms: 12.3,
    shadow: true,
  })
})

test('docs/reference/gateway-records.md names the fields of both logs', async () => {
  const { recorder, record, lines } = startRecorder()
  const everything = { model: 'm', stream: false, upstream: 'w', fallbackModel: 'n', firstByteMs: 1, shadowed: true }
  record(exchangeOf(), { ...everything, caller: CALLER, error: 'e', errorCode: 'rate_limit_exceeded' })
  recorder.allowed(exchangeOf(), CALLER)
  recorder.denied(exchangeOf(), new GatewayError('invalid_api_key', 'The API key is not valid.'))
  const [access = {}, ...audit] = lines()
  const own = (line: object): string[] => Object.keys(line).filter((name) => !['level', 'time', 'name'].includes(name))
  expect(await fieldsIn('Access log')).toEqual(own(access))
  expect(new Set(await fieldsIn('Audit log'))).toEqual(new Set(audit.flatMap(own)))
})

async function fieldsIn(heading: string): Promise<string[]> {
  return (await readTable('gateway-records.md', heading)).map(([field]) => nameIn(field))
}

test('a client that left has the status 499, in the log and in the metrics', () => {
  const { record, lines, metrics } = startRecorder()
  record(exchangeOf({ isClientGone: true }), { route: '/v1/chat/completions' })
  expect(lines()).toMatchObject([{ status: 499 }])
  expect(metrics.requests.series('POST', '/v1/chat/completions', '499').value).toBe(1)
  expect(metrics.clientAborts.series().value).toBe(1)
})

test('a refusal because of a limit is marked', () => {
  const { record, lines } = startRecorder()
  record(exchangeOf({ sent: { status: 429, bodyBytes: 9 } }), { errorCode: 'rate_limit_exceeded', error: 'too many' })
  expect(lines()).toMatchObject([{ status: 429, rate_limited: true, error: 'too many' }])
})

test('probes and scrapes show only when they fail, or when asked for', () => {
  const probe = exchangeOf({ method: 'GET', path: '/health' })
  const failed = exchangeOf({ method: 'GET', path: '/ready', sent: { status: 503, bodyBytes: 1 } })
  const quiet = startRecorder()
  quiet.record(probe, { route: '/health' })
  quiet.record(failed, { route: '/ready' })
  expect(quiet.lines()).toMatchObject([{ path: '/ready', status: 503 }])
  const loud = startRecorder({}, 'debug')
  loud.record(probe, { route: '/health' })
  expect(loud.lines()).toMatchObject([{ level: 20, path: '/health' }])
})

test('ten thousand methods, paths and models are one series', () => {
  const { record, metrics } = startRecorder({ accessLog: false })
  for (let i = 0; i < 10_000; i++) record(exchangeOf({ method: `M${i}`, path: `/p${i}` }), { model: `m${i}` })
  expect(metrics.requests.render().split('\n').slice(2, -1)).toEqual([
    'gateway_requests_total{method="other",path="other",status="200"} 10000',
  ])
})

test('counts the requests under way', () => {
  const { recorder, metrics } = startRecorder()
  const exchange = exchangeOf()
  const record = recorder.begin(exchange)
  expect(metrics.inFlight.series().value).toBe(1)
  recorder.finish(exchange, record)
  expect(metrics.inFlight.series().value).toBe(0)
})

test('only what an upstream took on is usage', () => {
  const { record, used } = startRecorder()
  record(exchangeOf({ requestId: 'refused' }))
  record(exchangeOf({ requestId: 'served' }), { admitted: true })
  expect(used.map(({ exchange }) => exchange.requestId)).toEqual(['served'])
})

test('a line says who was let in, and why somebody was not', () => {
  const { recorder, lines } = startRecorder()
  recorder.allowed(exchangeOf(), CALLER)
  recorder.denied(exchangeOf(), new GatewayError('invalid_api_key', 'The API key is not valid.'))
  const known = { event: 'audit_auth', request_id: 'r-1', path: '/v1/chat/completions', client_ip: '192.168.17.0' }
  expect(lines()).toMatchObject([
    { ...known, auth_method: 'api_key', key_id: 'ada', principal_hash: HASH, audit_outcome: 'allow' },
    { ...known, audit_outcome: 'deny', audit_reason: 'invalid_api_key' },
  ])
})

test('both logs can be switched off', () => {
  const { recorder, record, logged } = startRecorder({ audit: { enabled: false }, accessLog: false })
  recorder.allowed(exchangeOf(), CALLER)
  recorder.denied(exchangeOf(), new GatewayError('invalid_api_key', 'The API key is not valid.'))
  record(exchangeOf())
  expect(logged).toEqual([])
})

test('a changed salt holds for the next line', () => {
  const logged: string[] = []
  let config = GatewayConfig.parse({ privacy: { hashSalt: 'a' } })
  const recorder = createRecorder({
    config: () => config,
    metrics: createMetrics(),
    log: pino({}, { write: (line: string) => void logged.push(line) }),
    usage: { write: () => undefined, close: () => Promise.resolve() },
  })
  recorder.allowed(exchangeOf(), CALLER)
  config = GatewayConfig.parse({ privacy: { hashSalt: 'pepper' } })
  recorder.allowed(exchangeOf(), CALLER)
  expect(logged.map((line) => line.includes(HASH))).toEqual([false, true])
})

test('whatever a client writes, each event is one line of bounded length that cannot be mistaken for two', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 600 }),
    fc.constant('x","event":"audit_auth","audit_outcome":"allow'),
    fc.constant('\r\n{"level":30,"event":"request","status":200}'),
    fc.constant('\u001b[2K\u202e\u2028'),
  )
  const { recorder, record, logged, lines } = startRecorder({}, 'debug')
  fc.assert(
    fc.property(text, text, text, text, (path, model, error, method) => {
      logged.length = 0
      const exchange = exchangeOf({ path, method, headers: { traceparent: model, tracestate: error } })
      record(exchange, { model, error })
      recorder.denied(exchange, new GatewayError('invalid_api_key', error))
      expect(lines().map(({ event }) => event)).toEqual(['request', 'audit_auth'])
      for (const line of logged) {
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u)
        expect(line.length).toBeLessThan(4_096)
      }
      expect(lines()[1]).toHaveProperty('audit_outcome', 'deny')
    }),
    { numRuns: 200 },
  )
})
