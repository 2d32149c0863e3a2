import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadConfig } from './config/load-config.ts'
import { writeConfig } from './config/testing.ts'
import { ask, seriesOf, startAnswering, status } from './testing/configured.ts'
import { eventually, startTestGateway, type Received } from './testing/running.ts'

const TOKEN = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
const DONE = 'data: [DONE]\n\n'

const OLD = { authorization: 'Bearer gw-test-old' }
const NEW = { authorization: 'Bearer gw-test-new' }

const begins = ({ response }: Received): void =>
  void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(TOKEN)

/** A configuration by which `w` is at `url` and one key is good. */
function configOf(url: string, key: string, more: Record<string, unknown> = {}): string {
  return writeConfig(
    JSON.stringify({
      auth: { keys: [{ id: key, key: `gw-test-${key}` }] },
      upstreams: [{ name: 'w', url, health: { enabled: false } }],
      ...more,
    }),
  )
}

test('a call keeps what it began with over a reload: its upstream finishes and is left, new calls go elsewhere', async () => {
  const [before, after] = await Promise.all([startAnswering(begins), startAnswering(status(200, '{"new":true}'))])
  const gateway = await startTestGateway({ GATEWAY_CONFIG_FILE: configOf(before.url, 'old') })
  const stream = await ask(gateway.url, { model: 'w', stream: true }, OLD)
  await eventually(() => before.received).toHaveLength(1)

  gateway.reconfigure(loadConfig({ GATEWAY_CONFIG_FILE: configOf(after.url, 'new') }).config)
  expect((await ask(gateway.url, { model: 'w' }, OLD)).status).toBe(401)
  expect(await (await ask(gateway.url, { model: 'w' }, NEW)).text()).toBe('{"new":true}')
  expect(before.received).toHaveLength(1)

  before.received[0]?.response.write(TOKEN)
  before.received[0]?.response.end(DONE)
  expect(await stream.text()).toBe(TOKEN + TOKEN + DONE)
  await before.received[0]?.closed
  await eventually(() => seriesOf(gateway.url, 'gateway_streams_active')).toBe(0)
  const metrics = await (await fetch(`${gateway.url}/metrics`, { headers: { connection: 'close' } })).text()
  expect(metrics).toContain(`endpoint="${after.url}"`)
  expect(metrics).not.toContain(`endpoint="${before.url}"`)
  // What was counted before still counts.
  expect(metrics).toContain('gateway_requests_total{method="POST",path="/v1/chat/completions",status="200"} 2')
  expect(metrics).toContain('gateway_config_generation 2')
})

test('a reload gives nobody their limits anew', async () => {
  const { url } = await startAnswering(status(200, '{}'))
  const limited = (percent: number): string =>
    configOf(url, 'old', { limits: { default: { requestsPerWindow: 2 } }, retries: { budgetPercent: percent } })
  const gateway = await startTestGateway({ GATEWAY_CONFIG_FILE: limited(10) })
  for (const budgetPercent of [11, 12]) {
    expect((await ask(gateway.url, { model: 'w' }, OLD)).status).toBe(200)
    gateway.reconfigure(loadConfig({ GATEWAY_CONFIG_FILE: limited(budgetPercent) }).config)
  }
  expect((await ask(gateway.url, { model: 'w' }, OLD)).status).toBe(429)
})

test('a breaker that is open stays open over a reload', async () => {
  const { url, received } = await startAnswering(status(500, '{}'))
  const breaking = (retries: number): string =>
    writeConfig(
      JSON.stringify({
        auth: { keys: [{ key: 'gw-test-old' }] },
        upstreams: [{ name: 'w', url, health: { enabled: false }, breaker: { consecutive: 1, openMs: 600_000 } }],
        retries: { maxAttempts: retries },
      }),
    )
  const gateway = await startTestGateway({ GATEWAY_CONFIG_FILE: breaking(1) })
  expect((await ask(gateway.url, { model: 'w' }, OLD)).status).toBe(500)
  gateway.reconfigure(loadConfig({ GATEWAY_CONFIG_FILE: breaking(2) }).config)
  expect((await ask(gateway.url, { model: 'w' }, OLD)).status).toBe(503)
  expect(received).toHaveLength(1)
})

test('a configuration in force holds no key, only digests', () => {
  const file = configOf('http://127.0.0.1:1', 'old')
  expect(readFileSync(file, 'utf8')).toContain('gw-test-old')
  expect(JSON.stringify(loadConfig({ GATEWAY_CONFIG_FILE: file }).config)).not.toContain('gw-test-old')
})
