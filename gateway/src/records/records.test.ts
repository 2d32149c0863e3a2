import { readFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { chat, eventually, startTestGateway, startUpstream, TEST_KEY } from '../testing/running.ts'

const ANSWER = {
  id: 'c1',
  object: 'chat.completion',
  usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
}

/** @param shadow the address of a second upstream */
async function startPair(env: Record<string, string> = {}, shadow = 'mock://local') {
  const upstream = await startUpstream(({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(ANSWER))
  })
  const gateway = await startTestGateway({
    GATEWAY_UPSTREAMS: `worker=${upstream.url},shadow=${shadow}`,
    GATEWAY_DEFAULT_UPSTREAM: 'worker',
    ...env,
  })
  const scrape = async (): Promise<string> => (await fetch(`${gateway.url}/metrics`)).text()
  return { gateway, upstream, scrape }
}

test('what clients name makes no new series, however many names there are', async () => {
  const { gateway, scrape } = await startPair({ GATEWAY_RATE_LIMIT_PER_MINUTE: '1000000' })
  const send = async (round: number): Promise<void> => {
    const name = `name-${round}-${Math.random()}`
    const own = { method: 'POST', headers: { 'x-api-key': TEST_KEY }, body: JSON.stringify({ model: name }) }
    const answers = [
      chat(gateway.url, { model: name }),
      fetch(`${gateway.url}/v1/${name}`, own),
      fetch(`${gateway.url}/v1/models/${name}`, { headers: own.headers }),
      fetch(`${gateway.url}/v1/chat/completions`, { ...own, method: `M${round}X` }),
    ]
    await Promise.all(answers.map(async (answer) => (await answer).arrayBuffer()))
  }
  const series = async (): Promise<number> => {
    const text = await scrape()
    expect(text).not.toContain('name-')
    return text.split('\n').filter((line) => line.startsWith('gateway_')).length
  }
  await send(0)
  // The scrape counts itself: the first one makes the series of scrapes.
  await series()
  const before = await series()
  for (let round = 1; round <= 100; round++) await send(round)
  expect(await series()).toBe(before)
})

test('no line and no metric holds a key, wherever a client put it', async () => {
  const { gateway, scrape } = await startPair()
  const wrong = 'nvapi-test-wrong-key'
  const requests: [string, Record<string, string>][] = [
    ['/v1/chat/completions', { authorization: `Bearer ${TEST_KEY}` }],
    ['/v1/chat/completions', { 'x-api-key': wrong }],
    ['/v1/chat/completions', { authorization: `Basic ${wrong}`, cookie: `key=${wrong}`, 'api-key': wrong }],
    [`/v1/chat/completions?api_key=${TEST_KEY}`, { 'x-api-key': TEST_KEY }],
    ['/v1/chat/completions', { authorization: `Bearer ${wrong}`, 'x-api-key': TEST_KEY }],
  ]
  for (const [path, headers] of requests) {
    const answer = await fetch(gateway.url + path, { method: 'POST', headers, body: '{"model":"m"}' })
    expect(await answer.text()).not.toMatch(/nvapi-test/)
  }
  await eventually(() => gateway.logged.filter((line) => line.includes('"event":"request"')).length).toBe(
    requests.length,
  )
  expect(gateway.logged.join('')).not.toMatch(/nvapi-test/)
  expect(await scrape()).not.toMatch(/nvapi-test/)
})

test('one trace goes through the gateway, and its id comes back', async () => {
  const { gateway, upstream } = await startPair()
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
  const answer = await chat(gateway.url, { model: 'm' }, { traceparent, tracestate: 'a=b' })
  expect(answer.headers.get('x-trace-id')).toBe(traceId)
  const sent = upstream.received[0]?.request.headers
  expect(sent?.['traceparent']).toMatch(new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`))
  expect(sent?.['tracestate']).toBe('a=b')
  await eventually(() => gateway.logged.some((line) => line.includes(`"trace_id":"${traceId}"`))).toBe(true)
})

test('the state of a trace that is not valid ends here', async () => {
  const { gateway, upstream } = await startPair()
  await chat(gateway.url, { model: 'm' }, { traceparent: 'nonsense', tracestate: 'a=b' })
  const sent = upstream.received[0]?.request.headers
  expect(sent?.['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  expect(sent).not.toHaveProperty('tracestate')
})

test('what a request took is in the usage file when the gateway has stopped', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'records-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'usage.jsonl')
  const { gateway } = await startPair({ GATEWAY_USAGE_FILE: file })
  await (await chat(gateway.url, { model: 'm' })).text()
  await gateway.close()
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
    upstream: 'worker',
    status: 200,
    prompt_tokens: 3,
    completion_tokens: 4,
    total_tokens: 7,
    source: 'upstream',
  })
})

test('a copy of a request goes to the shadow, without anything of who sent it', async () => {
  const shadow = await startUpstream(({ response }) => void response.writeHead(500).end())
  const settings = { GATEWAY_SHADOW_ENABLED: 'true', GATEWAY_SHADOW_PERCENT: '100', GATEWAY_SHADOW_TARGET: 'shadow' }
  const { gateway, scrape } = await startPair(settings, shadow.url)
  const answer = await chat(gateway.url, { model: 'm', user: 'u' }, { 'x-team': 'blue', 'x-request-id': 'r-1' })
  expect(answer.status).toBe(200)
  await eventually(() => shadow.received.filter(({ request }) => request.method === 'POST')).toHaveLength(1)
  const copy = shadow.received.find(({ request }) => request.method === 'POST')
  expect(copy?.body).toBe(JSON.stringify({ model: 'm', user: 'u' }))
  expect(copy?.request.headers).toMatchObject({ 'x-shadow': 'true', 'x-request-id': 'r-1' })
  expect(JSON.stringify(copy?.request.headers)).not.toMatch(/nvapi|x-team|authorization/)
  await expect.poll(scrape).toContain('gateway_shadow_requests_total{upstream="shadow",status="error"} 1')
  await eventually(() => gateway.logged.find((line) => line.includes('"event":"request"'))).toContain('"shadow":true')
})
