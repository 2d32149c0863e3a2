import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { clientFor } from '../client/client-for.ts'
import { GatewayConfig } from '../config/schema.ts'
import { UpstreamSettings } from '../config/schema/upstreams.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { scanBody } from '../scan/scan-body.ts'
import { eventually, startUpstream, type Received } from '../testing/running.ts'
import { EndpointRegistry } from '../upstreams/registry.ts'
import { createShadow, type ShadowOffer } from './shadow.ts'

const BODY = '{"model":"m", "stream":true,"messages":[{"role":"user","content":"hi"}],"seed":12345678901234567890}'

function offerOf(chosenUpstream = 'primary'): ShadowOffer {
  const bytes = Buffer.from(BODY)
  const exchange = { path: '/v1/chat/completions', requestId: 'r-1' }
  return { exchange, bytes, scanned: scanBody(bytes), chosenUpstream }
}

interface Given {
  readonly answer?: (received: Received) => void
  readonly shadow?: Partial<GatewayConfig['shadow']>
  readonly models?: readonly object[]
  readonly settings?: object
  readonly random?: () => number
  readonly hasServer?: boolean
}

async function startShadow(given: Given = {}) {
  const { answer = answerOk, shadow: own, models = [], settings, random = () => 0, hasServer = true } = given
  const upstream = await startUpstream(answer)
  const log = pino({ enabled: false })
  const registry = new EndpointRegistry({ clientFor, log })
  onTestFinished(() => registry.close())
  const parsed = UpstreamSettings.parse({ health: { enabled: false }, ...settings })
  const endpoint = registry.ensure('target', upstream.url, parsed)
  const { models: configured, shadow: config } = GatewayConfig.parse({
    upstreams: [{ name: 'target', url: upstream.url }],
    models,
    shadow: { enabled: true, percent: 100, target: 'target', ...own },
  })
  const upstreams = new Map([
    ['target', { upstream: 'target', endpoints: hasServer ? [endpoint] : [], settings: parsed }],
  ])
  const metrics = createMetrics()
  const snapshot = { config: { shadow: config, models: configured }, routing: { upstreams } }
  const shadow = createShadow({ snapshot: () => snapshot, metrics, log, random })
  onTestFinished(() => shadow.close())
  const counted = (status: string): number => metrics.shadowRequests.series('target', status).value
  return { shadow, upstream, endpoint, metrics, counted }
}

function answerOk({ response }: Received): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end('{}')
}

test('sends the body of the client, and nothing else of it', async () => {
  const { shadow, upstream, counted, metrics } = await startShadow()
  expect(shadow.offer(offerOf())).toBe(true)
  await eventually(() => counted('success')).toBe(1)
  const [copy] = upstream.received
  expect(copy?.request.url).toBe('/v1/chat/completions')
  expect(copy?.body).toBe(BODY)
  expect(copy?.request.headers).toMatchObject({ 'x-shadow': 'true', 'x-request-id': 'r-1' })
  expect(Object.keys(copy?.request.headers ?? {}).sort()).toEqual(
    ['accept-encoding', 'content-length', 'content-type', 'host', 'x-request-id', 'x-shadow'].sort(),
  )
  expect(metrics.shadowLatency.render()).toContain('gateway_shadow_latency_seconds_count{upstream="target"} 1')
})

test('asks for the model by the name that the target serves it under', async () => {
  const models = [{ id: 'chat', aliases: ['m'], served: { target: 'vendor/m-8b' } }]
  const { shadow, upstream } = await startShadow({ models })
  shadow.offer(offerOf())
  await eventually(() => upstream.received.length).toBe(1)
  expect(upstream.received[0]?.body).toBe(BODY.replace('"m"', '"vendor/m-8b"'))
})

test('knows the target by the credentials of the gateway', async () => {
  process.env['SHADOW_TEST_CREDENTIAL'] = 'gw-test-shadow'
  onTestFinished(() => void delete process.env['SHADOW_TEST_CREDENTIAL'])
  const { shadow, upstream } = await startShadow({ settings: { credentials: { fromEnv: 'SHADOW_TEST_CREDENTIAL' } } })
  shadow.offer(offerOf())
  await eventually(() => upstream.received.length).toBe(1)
  expect(upstream.received[0]?.request.headers.authorization).toBe('Bearer gw-test-shadow')
})

test.for([
  ['it is switched off', { shadow: { enabled: false } }, 'primary'],
  ['the draw says no', { shadow: { percent: 30 }, random: () => 0.3 }, 'primary'],
  ['the share is nothing', { shadow: { percent: 0 } }, 'primary'],
  ['the target answers anyway', {}, 'target'],
  ['the target has no server', { hasServer: false }, 'primary'],
] as const)('sends nothing when %s', async ([, given, chosen]) => {
  const { shadow, upstream } = await startShadow(given)
  expect(shadow.offer(offerOf(chosen))).toBe(false)
  await shadow.close()
  expect(upstream.received).toEqual([])
})

test('sends its share', async () => {
  let draw = 0
  const { shadow } = await startShadow({
    shadow: { percent: 25, maxConcurrent: 100 },
    random: () => draw++ / 100,
  })
  expect(Array.from({ length: 100 }, () => shadow.offer(offerOf())).filter(Boolean)).toHaveLength(25)
})

test('has no more copies under way than it may', async () => {
  const { shadow, upstream, counted } = await startShadow({ answer: silent, shadow: { maxConcurrent: 2 } })
  expect([1, 2, 3, 4].map(() => shadow.offer(offerOf()))).toEqual([true, true, false, false])
  await eventually(() => upstream.received.length).toBe(2)
  for (const { response } of upstream.received) response.end('{}')
  await eventually(() => counted('success')).toBe(2)
  expect(shadow.offer(offerOf())).toBe(true)
})

test('failures of the target open no breaker and take no place of its calls', async () => {
  const { shadow, endpoint, counted } = await startShadow({
    answer: ({ response }) => void response.writeHead(500).end(),
    settings: { breaker: { consecutive: 1 } },
  })
  shadow.offer(offerOf())
  expect(endpoint.inFlight).toBe(0)
  await eventually(() => counted('error')).toBe(1)
  expect(endpoint.isAvailable()).toBe(true)
})

test('leaves a target alone that takes no calls', async () => {
  const { shadow, endpoint } = await startShadow({ settings: { breaker: { consecutive: 1 } } })
  endpoint.begin()
  endpoint.end({ kind: 'failure' })
  expect(shadow.offer(offerOf())).toBe(false)
})

test.for([
  ['never begins', silent, { firstByteMs: 50 }],
  ['stops half-way', begin, { idleMs: 50 }],
  ['never ends', drip, { totalMs: 150 }],
] as const)('gives an answer up that %s', async ([, answer, timeouts]) => {
  const { shadow, upstream, counted } = await startShadow({ answer, settings: { timeouts } })
  shadow.offer(offerOf())
  await eventually(() => counted('error')).toBe(1)
  await upstream.received[0]?.closed
})

test('reads an answer of any length, and keeps nothing of it', async () => {
  const { shadow, counted } = await startShadow({
    answer: ({ response }) => void response.end(Buffer.alloc(8 * 1024 * 1024)),
  })
  shadow.offer(offerOf())
  await eventually(() => counted('success')).toBe(1)
})

test('lets a long answer go on as long as it goes on', async () => {
  const { shadow, counted } = await startShadow({
    answer: dripForAWhile,
    settings: { timeouts: { firstByteMs: 1_000 } },
  })
  shadow.offer(offerOf())
  await eventually(() => counted('success') + counted('error')).toBe(1)
  expect(counted('success')).toBe(1)
})

test('breaks its copies off at the end and takes no more', async () => {
  const { shadow, upstream } = await startShadow({ answer: silent })
  shadow.offer(offerOf())
  await eventually(() => upstream.received.length).toBe(1)
  await shadow.close()
  await upstream.received[0]?.closed
  expect(shadow.offer(offerOf())).toBe(false)
})

function silent(): void {
  // It takes requests and leaves them.
}

function begin({ response }: Received): void {
  response.write('{')
}

function drip({ response }: Received): void {
  const timer = setInterval(() => void response.write('.'), 20)
  response.once('close', () => clearInterval(timer))
}

/** Longer than the first byte may take. */
function dripForAWhile(received: Received): void {
  drip(received)
  setTimeout(() => received.response.end(), 1_300)
}
