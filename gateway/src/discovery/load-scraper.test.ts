import type { RequestListener } from 'node:http'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { UpstreamSettings } from '../config/schema/upstreams.ts'
import { endpointOf } from '../routing/testing/states.ts'
import { eventually, startServer } from '../testing/loopback.ts'
import type { Endpoint, ServerLoad } from '../upstreams/endpoint.ts'
import { LoadScraper } from './load-scraper.ts'

const settingsWith = (policy: string): Endpoint['settings'] =>
  UpstreamSettings.parse({ balance: { policy, scrape: { intervalMs: 5 } } })

const METRICS = 'vllm:num_requests_running 3\nvllm:num_requests_waiting 4\n'

/** A server that counts what it is asked for. */
async function startCounted(listener: RequestListener): Promise<{ url: string; paths: string[] }> {
  const paths: string[] = []
  const url = await startServer((request, response) => {
    paths.push(request.url ?? '')
    listener(request, response)
  })
  return { url, paths }
}

function startScraper(silentMs = 60_000) {
  const loads = new Map<string, ServerLoad>()
  const scraper = new LoadScraper({
    log: pino({ level: 'silent' }),
    onLoad: (url, load) => void loads.set(url, load),
    now: () => 42,
    silentMs,
  })
  onTestFinished(() => scraper.close())
  const follow = (urls: readonly string[], policy = 'leastLoaded'): void =>
    scraper.follow(urls.map((url) => endpointOf('up', url, settingsWith(policy))))
  return { scraper, loads, follow }
}

test('asks a server again and again what it has to do', async () => {
  const { url, paths } = await startCounted((_request, response) => void response.end(METRICS))
  const { loads, follow } = startScraper()
  follow([url])
  await eventually(() => loads.get(url)).toEqual({ running: 3, waiting: 4, atMs: 42 })
  await eventually(() => paths.length).toBeGreaterThan(3)
  expect(new Set(paths)).toEqual(new Set(['/metrics']))
})

test.each<[string, RequestListener]>([
  ['has no metrics at the first path', (_request, response) => void response.writeHead(404).end()],
  ['has other metrics at the first path', (_request, response) => void response.end('requests_total 5')],
])('asks a server that %s at the second', async (_name, first) => {
  const { url } = await startCounted((request, response) => {
    if (request.url === '/v1/metrics') response.end('num_requests_running 1')
    else first(request, response)
  })
  const { loads, follow } = startScraper()
  follow([url])
  await eventually(() => loads.get(url)).toEqual({ running: 1, waiting: 0, atMs: 42 })
})

test('leaves a server that says nothing of its load alone for a while', async () => {
  const silent = await startCounted((_request, response) => void response.writeHead(404).end())
  const spoken = await startCounted((_request, response) => void response.end(METRICS))
  const { follow } = startScraper()
  follow([silent.url, spoken.url])
  await eventually(() => spoken.paths.length).toBeGreaterThan(10)
  expect(silent.paths).toEqual(['/metrics', '/v1/metrics'])
})

test.each<[string, RequestListener]>([
  ['fails', (_request, response) => void response.writeHead(500).end()],
  ['breaks off', (request) => void request.socket.destroy()],
  ['answers without end', (_request, response) => void response.write('x'.repeat(8 * 1024 * 1024))],
])('asks a server that %s again, and takes nothing from it', async (_name, broken) => {
  let isBroken = true
  const { url } = await startCounted((request, response) => {
    if (isBroken) broken(request, response)
    else response.end(METRICS)
    isBroken = false
  })
  const { loads, follow } = startScraper()
  follow([url])
  await eventually(() => loads.has(url)).toBe(true)
})

test('asks only where the policy needs it', async () => {
  const asked = await startCounted((_request, response) => void response.end(METRICS))
  const other = await startCounted((_request, response) => void response.end(METRICS))
  const { scraper, follow } = startScraper()
  scraper.follow([
    endpointOf('a', other.url, settingsWith('p2c')),
    endpointOf('b', asked.url, settingsWith('leastLoaded')),
    endpointOf('c', 'mock://local', settingsWith('leastLoaded')),
  ])
  await eventually(() => asked.paths.length).toBeGreaterThan(3)
  expect(other.paths).toEqual([])
  follow([other.url])
  await eventually(() => other.paths.length).toBeGreaterThan(0)
  const before = asked.paths.length
  await eventually(() => other.paths.length).toBeGreaterThan(10)
  // One may have been on its way.
  expect(asked.paths.length).toBeLessThanOrEqual(before + 1)
})
