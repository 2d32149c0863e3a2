import * as fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { clientFor } from '../client/client-for.ts'
import { eventually, startServer } from '../testing/loopback.ts'
import { checkHealth, HealthCheck, HealthCount } from './health-check.ts'
import { EndpointRegistry } from './registry.ts'
import { settingsOf } from './testing/registry.ts'

const OPTIONS = { connectMs: 2_000, idleMs: 1, maxConnections: 1 }
const HEALTH = settingsOf().health

/** A server that answers each path with a status, and what it was asked. */
async function startHealth(statusOf: (path: string) => number) {
  const asked: string[] = []
  const url = await startServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.writeHead(statusOf(request.url ?? ''))
    response.end('{"object":"health.response"}')
  })
  const client = clientFor(url, OPTIONS)
  onTestFinished(() => client.close())
  return { url, client, asked }
}

describe('one health check', () => {
  test.each([200, 204, 401, 403, 429])('a server that answers %i is well', async (status) => {
    const { client, asked } = await startHealth(() => status)
    expect(await checkHealth(client, HEALTH)).toBe(true)
    expect(asked).toEqual(['GET /v1/health/ready'])
  })

  test.each([500, 503])('a server that answers %i is not', async (status) => {
    const { client } = await startHealth(() => status)
    expect(await checkHealth(client, HEALTH)).toBe(false)
  })

  test('the second path is asked where the first is unknown', async () => {
    const { client, asked } = await startHealth((path) => (path === '/health' ? 503 : 404))
    expect(await checkHealth(client, HEALTH)).toBe(false)
    expect(asked).toEqual(['GET /v1/health/ready', 'GET /health'])
  })

  test('a server that knows neither path is well', async () => {
    const { client, asked } = await startHealth(() => 404)
    expect(await checkHealth(client, HEALTH)).toBe(true)
    expect(asked).toHaveLength(2)
  })

  test('a server that nobody reaches is not', async () => {
    const client = clientFor('http://127.0.0.1:1', OPTIONS)
    onTestFinished(() => client.close())
    expect(await checkHealth(client, HEALTH)).toBe(false)
  })

  test.each([
    ['never answers', () => undefined],
    ['never completes its answer', (write: () => void) => write()],
  ])('a server that %s is not, after its time', async (_, answer) => {
    const url = await startServer((_request, response) => answer(() => void response.write('{')))
    const client = clientFor(url, OPTIONS)
    onTestFinished(() => client.close())
    expect(await checkHealth(client, { ...HEALTH, timeoutMs: 50 })).toBe(false)
  })
})

describe('the verdict of checks', () => {
  test('turns after as many results in a row as the settings ask for', () => {
    const count = new HealthCount()
    const settings = { unhealthy: 3, healthy: 2 }
    const verdicts = [false, false, true, false, false, false, true, false, true, true].map((passed) =>
      count.note(passed, settings),
    )
    expect(verdicts).toEqual([true, true, true, true, true, false, false, false, false, true])
  })

  test('never turns against fewer results than its threshold', () => {
    const settings = fc.record({ unhealthy: fc.integer({ min: 1, max: 5 }), healthy: fc.integer({ min: 1, max: 5 }) })
    fc.assert(
      fc.property(fc.array(fc.boolean()), settings, (results, thresholds) => {
        const count = new HealthCount()
        let before = true
        for (const [index, passed] of results.entries()) {
          const verdict = count.note(passed, thresholds)
          const needed = before ? thresholds.unhealthy : thresholds.healthy
          const row = results.slice(Math.max(0, index + 1 - needed), index + 1)
          if (verdict !== before) expect(row).toEqual(Array(needed).fill(verdict))
          else if (verdict !== passed) expect(needed).toBeGreaterThan(1)
          before = verdict
        }
      }),
    )
  })
})

describe('repeated checks', () => {
  test('take an endpoint out and bring it back', async () => {
    let status = 503
    const { url } = await startHealth(() => status)
    const registry = new EndpointRegistry({ clientFor, log: { info: () => undefined, warn: () => undefined } })
    onTestFinished(() => registry.close())
    const settings = settingsOf({ health: { intervalMs: 20, unhealthy: 2 } })
    const endpoint = registry.ensure('worker', url, settings)
    expect(endpoint.isAvailable()).toBe(true)
    await eventually(() => endpoint.isAvailable()).toBe(false)
    expect(endpoint.refusal()).toBeUndefined()
    status = 200
    await eventually(() => endpoint.isAvailable()).toBe(true)
  })

  test('say that all is well once they are turned off', async () => {
    const { client } = await startHealth(() => 503)
    let enabled = true
    const verdicts: boolean[] = []
    const check = new HealthCheck({
      client,
      settings: () => ({ ...HEALTH, enabled, intervalMs: 10, unhealthy: 1 }),
      onVerdict: (isHealthy) => void verdicts.push(isHealthy),
    })
    onTestFinished(() => check.close())
    await eventually(() => verdicts.at(-1)).toBe(false)
    enabled = false
    await eventually(() => verdicts.at(-1)).toBe(true)
  })

  test('end when they are closed, also in the middle of one', async () => {
    let asked = 0
    const url = await startServer(() => void (asked += 1))
    const verdicts: boolean[] = []
    const check = new HealthCheck({
      client: clientFor(url, OPTIONS),
      settings: () => ({ ...HEALTH, intervalMs: 10, timeoutMs: 60_000 }),
      onVerdict: (isHealthy) => void verdicts.push(isHealthy),
    })
    await eventually(() => asked).toBe(1)
    await check.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(asked).toBe(1)
    expect(verdicts).toEqual([])
  })

  test('are not for addresses without a server', async () => {
    const opened: string[] = []
    const registry = new EndpointRegistry({
      clientFor: (url, options) => {
        opened.push(url)
        return clientFor(url, options)
      },
      log: { info: () => undefined, warn: () => undefined },
    })
    onTestFinished(() => registry.close())
    registry.ensure('mock', 'mock://local', settingsOf())
    expect(opened).toEqual(['mock://local'])
  })
})
