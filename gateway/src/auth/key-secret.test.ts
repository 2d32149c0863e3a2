import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { eventually, startServer } from '../testing/loopback.ts'
import { followKeySecret } from './key-secret.ts'

const HASH = `sha256:${'ab'.repeat(32)}`

function documentOf(...ids: string[]): string {
  const entry = { hash: HASH, prefix: 'nxg_abcd', last4: 'wxyz', createdAt: '2030-01-01T00:00:00Z' }
  return JSON.stringify(ids.map((id) => ({ id, ...entry })))
}

interface SecretState {
  items: unknown[]
  status: number
  version: number
  readonly queries: (string | null)[]
  readonly watches: ServerResponse[]
}

/** Enough of an API server for one Secret: the test sets it and feeds the watches. */
async function startApi() {
  const state: SecretState = { items: [], status: 200, version: 1, queries: [], watches: [] }
  const url = await startServer((request, response) => {
    const { searchParams, pathname } = new URL(request.url ?? '', 'http://api')
    if (pathname !== '/api/v1/namespaces/nexus/secrets' || state.status !== 200) {
      response.writeHead(state.status === 200 ? 404 : state.status).end('{}')
      return
    }
    state.queries.push(searchParams.get('fieldSelector'))
    if (searchParams.get('watch') === '1') {
      response.writeHead(200).flushHeaders()
      state.watches.push(response)
    } else {
      response.end(JSON.stringify({ metadata: { resourceVersion: String(state.version) }, items: state.items }))
    }
  })
  const send = (type: string, object: unknown): void =>
    void state.watches.at(-1)?.write(`${JSON.stringify({ type, object })}\n`)
  return { url, state, send }
}

function secretOf(state: SecretState, data: Record<string, string> | undefined) {
  state.version += 1
  const encoded = Object.entries(data ?? {}).map(([name, text]): [string, string] => {
    return [name, Buffer.from(text).toString('base64')]
  })
  return {
    metadata: { name: 'nexus-gateway-keys', namespace: 'nexus', resourceVersion: String(state.version) },
    ...(data && { data: Object.fromEntries(encoded) }),
  }
}

async function follow(apiUrl: string) {
  const serviceAccountDir = await mkdtemp(join(tmpdir(), 'nexus-gateway-'))
  await writeFile(join(serviceAccountDir, 'token'), 'gw-test-token')
  await writeFile(join(serviceAccountDir, 'ca.crt'), '')
  const logged: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) })
  const stopping = new AbortController()
  const told: string[][] = []
  const counted = { unreadable: 0 }
  const times = { watchMs: 60_000, silenceMs: 60_000, minRetryMs: 5, maxRetryMs: 20 }
  const following = followKeySecret({
    apiUrl,
    serviceAccountDir,
    namespace: 'nexus',
    name: 'nexus-gateway-keys',
    log,
    signal: stopping.signal,
    onKeys: (keys) => void told.push(keys.map(({ id }) => id ?? '')),
    onUnreadable: () => (counted.unreadable += 1),
    times,
  })
  onTestFinished(async () => {
    stopping.abort()
    await following
    await rm(serviceAccountDir, { recursive: true })
  })
  return { told, logged, counted, last: () => told.at(-1) }
}

test('takes the keys of the Secret and follows it as it is changed, deleted and made anew', async () => {
  const { url, state, send } = await startApi()
  state.items = [secretOf(state, { 'keys.yaml': documentOf('one') })]
  const { told, last } = await follow(url)
  await eventually(last).toEqual(['one'])
  await eventually(() => state.watches).toHaveLength(1)
  send('MODIFIED', secretOf(state, { 'keys.yaml': documentOf('one', 'two') }))
  await eventually(last).toEqual(['one', 'two'])
  send('DELETED', secretOf(state, { 'keys.yaml': documentOf('one', 'two') }))
  await eventually(last).toEqual([])
  send('ADDED', secretOf(state, { 'keys.yaml': documentOf('three') }))
  await eventually(last).toEqual(['three'])
  expect(told).toHaveLength(4)
  expect(new Set(state.queries)).toEqual(new Set(['metadata.name=nexus-gateway-keys']))
})

test('says that there are no keys where there is no Secret', async () => {
  const { url } = await startApi()
  const { told } = await follow(url)
  await eventually(() => told).toEqual([[]])
})

test('is not told of a change that leaves the keys as they are', async () => {
  const { url, state, send } = await startApi()
  state.items = [secretOf(state, { 'keys.yaml': documentOf('one') })]
  const { told } = await follow(url)
  await eventually(() => state.watches).toHaveLength(1)
  send('MODIFIED', secretOf(state, { 'keys.yaml': documentOf('one') }))
  send('MODIFIED', secretOf(state, { 'keys.yaml': documentOf('two') }))
  await eventually(() => told).toEqual([['one'], ['two']])
})

test.each([
  ['is no YAML', { 'keys.yaml': '- {id: nvapi-test-plain' }],
  ['holds a key in plain text', { 'keys.yaml': '- {id: a, key: nvapi-test-plain}' }],
  [
    'is restricted in a way that is not understood',
    { 'keys.yaml': documentOf('a').replace('"id"', '"onlyAt":"night","id"') },
  ],
  ['has no entry for keys', { other: 'nvapi-test-plain' }],
  ['has no data', undefined],
])('keeps the last keys when the Secret %s, and tells of it once without quoting it', async (_name, data) => {
  const { url, state, send } = await startApi()
  state.items = [secretOf(state, { 'keys.yaml': documentOf('one') })]
  const { told, logged, counted, last } = await follow(url)
  await eventually(() => state.watches).toHaveLength(1)
  send('MODIFIED', secretOf(state, data))
  send('MODIFIED', secretOf(state, data))
  send('MODIFIED', secretOf(state, { 'keys.yaml': documentOf('two') }))
  await eventually(last).toEqual(['two'])
  expect(told).toEqual([['one'], ['two']])
  expect(logged.filter((line) => line.includes('keys_unreadable'))).toHaveLength(1)
  expect(counted).toEqual({ unreadable: 1 })
  expect(logged.join('')).not.toContain('nvapi-test-plain')
})

test('keeps the last keys while the API server is gone, and reads them again afterwards', async () => {
  const { url, state } = await startApi()
  state.items = [secretOf(state, { 'keys.yaml': documentOf('one') })]
  const { told, logged, last } = await follow(url)
  await eventually(() => state.watches).toHaveLength(1)
  state.status = 503
  state.watches[0]?.destroy()
  await eventually(() => logged.join('')).toContain('503')
  expect(told).toEqual([['one']])
  state.items = [secretOf(state, { 'keys.yaml': documentOf('two') })]
  state.status = 200
  await eventually(last).toEqual(['two'])
})

test('says what the ServiceAccount lacks when it may not read the Secret', async () => {
  const { url, state } = await startApi()
  state.status = 403
  const { told, logged } = await follow(url)
  await eventually(() => logged.join('')).toContain('needs list and watch')
  expect(told).toEqual([])
})
