import { once } from 'node:events'
import { expect, test } from 'vitest'
import { eventually, startServer } from '../testing/loopback.ts'
import { parseInferenceService } from './inference-services.ts'
import { follow, service, startApi, type WatchCall } from './testing/api-server.ts'

async function startModelServer(...ids: string[]) {
  const models = { ids }
  const url = await startServer((_request, response) => {
    response.end(JSON.stringify({ object: 'list', data: models.ids.map((id) => ({ id, object: 'model' })) }))
  })
  return { url, models }
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

test.each([
  ['runs', {}, false],
  ['is not ready yet', { ready: 'False' }, false],
  ['has other annotations', { annotations: { 'openshift.io/display-name': 'true' } }, false],
  ['was started again', { annotations: { 'serving.kserve.io/stop': 'false' } }, false],
  ['is stopped', { annotations: { 'serving.kserve.io/stop': 'True' } }, true],
  ['is being deleted', { deletionTimestamp: '2026-01-02T00:00:00Z' }, true],
] as const)('knows whether a service takes no requests by intention: one that %s', (_name, changes, stopped) => {
  expect(parseInferenceService(service('demo/llama', 'http://llama.demo', changes))).toMatchObject({ stopped })
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
  expect(state.lists).toHaveLength(1)
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
  expect(state.lists).toHaveLength(1)
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
