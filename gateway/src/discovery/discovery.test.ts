import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { addressOf } from '../routing/snapshot.ts'
import { eventually, startServer } from '../testing/loopback.ts'
import { startDiscovery } from './discovery.ts'
import type { ListWatchTimes } from './list-watch.ts'

interface WatchCall {
  readonly response: ServerResponse
  readonly query: URLSearchParams
  send(type: string, object: unknown): void
}

interface ApiState {
  status: number
  items: unknown[]
  version: number
  lists: number
  readonly watches: WatchCall[]
}

/** Enough of an API server for one kind: the test sets the list and feeds the watches. */
async function startApi() {
  const state: ApiState = { status: 200, items: [], version: 1, lists: 0, watches: [] }
  const url = await startServer((request, response) => {
    const { searchParams: query, pathname } = new URL(request.url ?? '', 'http://api')
    if (request.headers.authorization !== 'Bearer sa-token') response.writeHead(401).end()
    else if (pathname !== '/apis/serving.kserve.io/v1beta1/inferenceservices') response.writeHead(404).end()
    else if (state.status !== 200) response.writeHead(state.status).end('{}')
    else if (query.get('watch') === '1') {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
      const send = (type: string, object: unknown): void => void response.write(`${JSON.stringify({ type, object })}\n`)
      state.watches.push({ response, query, send })
    } else {
      state.lists++
      response.end(JSON.stringify({ metadata: { resourceVersion: String(state.version) }, items: state.items }))
    }
  })
  return { url, state }
}

async function startModelServer(...ids: string[]) {
  const models = { ids }
  const url = await startServer((_request, response) => {
    response.end(JSON.stringify({ object: 'list', data: models.ids.map((id) => ({ id, object: 'model' })) }))
  })
  return { url, models }
}

interface ServiceChanges {
  readonly ready?: 'True' | 'False'
  readonly version?: string
  readonly deletionTimestamp?: string
}

function service(
  address: string,
  url: string | undefined,
  { ready = 'True', version = '2', ...changes }: ServiceChanges = {},
) {
  const [namespace, name] = address.split('/')
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { namespace, name, resourceVersion: version, creationTimestamp: '2026-01-01T00:00:00Z', ...changes },
    status: { ...(url === undefined ? {} : { address: { url } }), conditions: [{ type: 'Ready', status: ready }] },
  }
}

async function follow(apiUrl: string, changes: Partial<ListWatchTimes> = {}) {
  const serviceAccountDir = await mkdtemp(join(tmpdir(), 'nexus-gateway-'))
  await writeFile(join(serviceAccountDir, 'token'), 'sa-token\n')
  await writeFile(join(serviceAccountDir, 'ca.crt'), '')
  const logged: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) })
  const times = { watchMs: 60_000, silenceMs: 60_000, minRetryMs: 5, maxRetryMs: 20, ...changes }
  const api = { url: apiUrl, serviceAccountDir }
  const discovery = startDiscovery({ api, deployments: true, log, times, onChange: () => undefined })
  onTestFinished(async () => {
    await discovery.close()
    await rm(serviceAccountDir, { recursive: true })
  })
  const known = (): Record<string, unknown> =>
    Object.fromEntries(
      discovery.discovered().deployments.map((d) => {
        return [addressOf(d), d.ready ? (d.models?.map(({ id }) => id) ?? 'unasked') : 'not ready']
      }),
    )
  return { known, logged, close: () => discovery.close() }
}

test('finds ready services with the models they serve, and follows what happens to them', async () => {
  const { url: modelUrl } = await startModelServer('meta/llama', 'adapter')
  const { url, state } = await startApi()
  state.items = [
    service('demo/llama', `${modelUrl}/`),
    service('demo/starting', modelUrl, { ready: 'False' }),
    service('demo/new', undefined),
  ]
  const { known } = await follow(url)
  await eventually(known).toEqual({
    'demo/llama': ['meta/llama', 'adapter'],
    'demo/starting': 'not ready',
    'demo/new': 'not ready',
  })
  await eventually(() => state.watches).toHaveLength(1)
  const [watch] = state.watches
  expect(watch?.query.get('resourceVersion')).toBe('1')
  watch?.send('MODIFIED', service('demo/starting', modelUrl))
  await eventually(known).toMatchObject({ 'demo/starting': ['meta/llama', 'adapter'] })
  watch?.send('ADDED', service('other/llama', modelUrl))
  await eventually(known).toMatchObject({ 'other/llama': ['meta/llama', 'adapter'] })
  watch?.send('MODIFIED', service('other/llama', modelUrl, { deletionTimestamp: '2026-01-02T00:00:00Z' }))
  await eventually(known).toMatchObject({ 'other/llama': 'not ready' })
  watch?.send('DELETED', service('demo/llama', modelUrl))
  await eventually(known).not.toHaveProperty('demo/llama')
})

test('asks again which models are served when a service changes', async () => {
  const { url: modelUrl, models } = await startModelServer('one')
  const { url, state } = await startApi()
  state.items = [service('demo/a', modelUrl)]
  const { known } = await follow(url)
  await eventually(known).toEqual({ 'demo/a': ['one'] })
  models.ids = ['two']
  await eventually(() => state.watches).toHaveLength(1)
  state.watches[0]?.send('MODIFIED', service('demo/a', modelUrl))
  await eventually(known).toEqual({ 'demo/a': ['two'] })
})

test('goes on where a cut watch ended, past a bookmark', async () => {
  const { url, state } = await startApi()
  await follow(url)
  await eventually(() => state.watches).toHaveLength(1)
  state.watches[0]?.send('BOOKMARK', { metadata: { resourceVersion: '41' } })
  state.watches[0]?.response.end()
  await eventually(() => state.watches).toHaveLength(2)
  expect(state.watches[1]?.query.get('resourceVersion')).toBe('41')
  state.watches[1]?.response.destroy()
  await eventually(() => state.watches).toHaveLength(3)
  expect(state.lists).toBe(1)
})

test('waits longer each time when watches end as soon as they begin', async () => {
  const { url, state } = await startApi()
  const startedMs = performance.now()
  await follow(url, { minRetryMs: 50, maxRetryMs: 60_000 })
  for (let count = 1; count <= 5; count++) {
    await eventually(() => state.watches.length).toBeGreaterThanOrEqual(count)
    state.watches[count - 1]?.response.end()
  }
  // At least half of 50, 100, 200 and 400 ms lie between five watches; a loop needs none of it.
  expect(performance.now() - startedMs).toBeGreaterThan(300)
})

test('goes on when a connection falls silent', async () => {
  const { url, state } = await startApi()
  await follow(url, { silenceMs: 300 })
  await eventually(() => state.watches.length).toBeGreaterThan(1)
  expect(state.lists).toBe(1)
})

test.each([
  ['an event', (watch: WatchCall) => watch.send('ERROR', { kind: 'Status', code: 410, reason: 'Expired' })],
  ['two halves of an event', sendGoneInHalves],
])('lists again when the server no longer knows the position, told by %s', async (_name, tell) => {
  const { url: modelUrl } = await startModelServer('m')
  const { url, state } = await startApi()
  state.items = [service('demo/old', modelUrl)]
  const { known } = await follow(url)
  await eventually(() => state.watches).toHaveLength(1)
  state.items = [service('demo/new', modelUrl)]
  state.version = 90
  const [watch] = state.watches
  if (watch !== undefined) tell(watch)
  await eventually(known).toEqual({ 'demo/new': ['m'] })
  await eventually(() => state.watches).toHaveLength(2)
  expect(state.watches[1]?.query.get('resourceVersion')).toBe('90')
})

function sendGoneInHalves({ response }: WatchCall): void {
  response.write('{"type":"ERROR","obj')
  setTimeout(() => response.write('ect":{"code":410}}\n'), 10)
}

test('keeps what it knows while the API server fails, and says so once', async () => {
  const { url: modelUrl } = await startModelServer('m')
  const { url, state } = await startApi()
  state.items = [service('demo/a', modelUrl)]
  const { known, logged } = await follow(url)
  await eventually(() => state.watches).toHaveLength(1)
  state.status = 503
  state.watches[0]?.response.destroy()
  await eventually(() => logged.filter((line) => line.includes('503'))).toHaveLength(1)
  expect(known()).toEqual({ 'demo/a': ['m'] })
  state.items = [service('demo/b', modelUrl)]
  state.status = 200
  await eventually(known).toEqual({ 'demo/b': ['m'] })
  expect(logged.filter((line) => line.includes('503'))).toHaveLength(1)
})

test('waits quietly for a kind that does not exist yet, and forgets all when it goes', async () => {
  const { url: modelUrl } = await startModelServer('m')
  const { url, state } = await startApi()
  state.status = 404
  state.items = [service('demo/a', modelUrl)]
  const { known, logged } = await follow(url)
  await eventually(() => logged.some((line) => line.includes('they are waited for'))).toBe(true)
  expect(logged.join('')).not.toContain('"level":40')
  state.status = 200
  await eventually(known).toEqual({ 'demo/a': ['m'] })
  state.status = 404
  await eventually(() => state.watches.length).toBeGreaterThan(0)
  for (const { response } of state.watches) response.destroy()
  await eventually(known).toEqual({})
})

test('names the missing permission', async () => {
  const { url, state } = await startApi()
  state.status = 403
  const { logged } = await follow(url)
  await eventually(() => logged.some((line) => line.includes('needs list and watch'))).toBe(true)
})

test('passes over an object that it cannot read', async () => {
  const { url: modelUrl } = await startModelServer('m')
  const { url, state } = await startApi()
  state.items = [{ metadata: {} }, 7, service('demo/odd', 'ftp://x'), service('demo/a', modelUrl)]
  const { known } = await follow(url)
  await eventually(known).toEqual({ 'demo/a': ['m'], 'demo/odd': 'not ready' })
})

test('asks a server again until it answers, and takes one without a model list for what it is', async () => {
  let calls = 0
  const waking = await startServer((_request, response) => {
    calls++
    if (calls <= 7) response.writeHead(503).end()
    else response.end('{"data":[{"id":"late"}]}')
  })
  const plain = await startServer((_request, response) => void response.writeHead(404).end())
  const { url, state } = await startApi()
  state.items = [service('demo/waking', waking), service('demo/plain', plain)]
  const { known, logged } = await follow(url)
  await eventually(known).toEqual({ 'demo/waking': ['late'], 'demo/plain': [] })
  // A moment's absence is no news; one that lasts is said once.
  expect(logged.filter((line) => line.includes('"level":40'))).toHaveLength(1)
})

test('closes while a watch is open', async () => {
  const { url, state } = await startApi()
  const { close } = await follow(url)
  await eventually(() => state.watches).toHaveLength(1)
  const closed = state.watches.map(({ response }) => once(response, 'close'))
  await close()
  await Promise.all(closed)
  expect(state.watches).toHaveLength(1)
})
