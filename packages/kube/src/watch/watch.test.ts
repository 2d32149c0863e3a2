import { expect, test } from 'vitest'
import { Kinds, KubeApiError } from '../index.ts'
import type { ConfigMap, List, WatchEvent } from '../index.ts'
import type { HttpStream } from '../http/transport.ts'
import { watchObjects } from './watch.ts'
import type { WatchSource } from './watch.ts'

const timing = { backoff: { baseMs: 1, maxMs: 2 }, silenceMs: 60_000, timeoutSeconds: 60 }

function configMap(name: string, resourceVersion: string, uid = `uid-${name}`): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'demo', uid, resourceVersion } }
}

function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`
}

function streamOf(chunks: AsyncIterable<Uint8Array>): HttpStream {
  return { status: 200, header: () => undefined, chunks }
}

async function* bytes(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? new TextEncoder().encode(part) : part
}

/** Stays open, as a quiet connection does, until it is aborted. */
async function* quiet(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  await new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', resolve)
  })
  signal.throwIfAborted()
  yield new Uint8Array()
}

type Connection = (signal: AbortSignal) => AsyncIterable<Uint8Array>

/** A server that gives `lists` and `connections` in turn, and is quiet after the last. */
function scripted(lists: List<ConfigMap>[], connections: Connection[]): WatchSource<ConfigMap> & { cursors: string[] } {
  const cursors: string[] = []
  return {
    kind: Kinds.ConfigMap,
    cursors,
    list: () => {
      const list = lists.shift()
      return list === undefined ? Promise.reject(new Error('no list left')) : Promise.resolve(list)
    },
    open: ({ resourceVersion }, signal) => {
      cursors.push(resourceVersion)
      const connection = connections.shift() ?? quiet
      return Promise.resolve(streamOf(connection(signal)))
    },
  }
}

/** The first `count` events, as `TYPE name@version`. */
async function take(source: WatchSource<ConfigMap>, count: number): Promise<string[]> {
  const events: string[] = []
  for await (const event of watchObjects(source, timing)) {
    events.push(show(event))
    if (events.length === count) break
  }
  return events
}

function show(event: WatchEvent<ConfigMap>): string {
  if (event.type === 'SYNCED') return `SYNCED ${event.resourceVersion}`
  return `${event.type} ${event.object.metadata.name}@${event.object.metadata.resourceVersion}`
}

test('tells what exists, then SYNCED, then the changes', async () => {
  const source = scripted(
    [{ items: [configMap('a', '1')], resourceVersion: '5' }],
    [
      () =>
        bytes(
          line('ADDED', configMap('b', '6')),
          line('MODIFIED', configMap('a', '7')),
          line('DELETED', configMap('b', '8')),
        ),
    ],
  )
  expect(await take(source, 5)).toEqual(['ADDED a@1', 'SYNCED 5', 'ADDED b@6', 'MODIFIED a@7', 'DELETED b@8'])
})

test('resumes from the last version after a cut in mid-line, and from a bookmark', async () => {
  const source = scripted(
    [{ items: [], resourceVersion: '5' }],
    [
      () => bytes(line('ADDED', configMap('a', '6')), line('ADDED', configMap('b', '7')).slice(0, 40)),
      () => bytes(line('BOOKMARK', { kind: 'ConfigMap', metadata: { resourceVersion: '20' } })),
      () => bytes(line('ADDED', configMap('b', '21'))),
    ],
  )
  expect(await take(source, 3)).toEqual(['SYNCED 5', 'ADDED a@6', 'ADDED b@21'])
  expect(source.cursors).toEqual(['5', '6', '20'])
})

const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }

test.each<{ how: string; connection: Connection }>([
  { how: 'an ERROR event', connection: () => bytes(line('ERROR', expired)) },
  {
    how: 'the answer',
    connection: () => {
      throw gone()
    },
  },
])('a version that is gone, by $how, leads to a list told as the changes', async ({ connection }) => {
  const before = {
    items: [configMap('same', '1'), configMap('changed', '2'), configMap('gone', '3'), configMap('again', '4')],
    resourceVersion: '5',
  }
  const after = {
    items: [
      configMap('same', '1'),
      configMap('changed', '7'),
      configMap('again', '8', 'another'),
      configMap('new', '9'),
    ],
    resourceVersion: '10',
  }
  const source = scripted([before, after], [connection])
  expect((await take(source, 11)).slice(5)).toEqual([
    'DELETED gone@3',
    'MODIFIED changed@7',
    'DELETED again@4',
    'ADDED again@8',
    'ADDED new@9',
    'SYNCED 10',
  ])
  expect(source.cursors).toEqual(['5'])
})

function gone(): KubeApiError {
  return new KubeApiError('NEXUS_KUBE_REFUSED', 'gone', {
    status: 410,
    reason: 'Expired',
    request: { method: 'GET', path: '/' },
  })
}

test('a character that was cut in two arrives whole', async () => {
  const text = new TextEncoder().encode(line('ADDED', { ...configMap('a', '6'), data: { greeting: '안녕 🚀' } }))
  const source = scripted(
    [{ items: [], resourceVersion: '5' }],
    [() => bytes(...Array.from(text, (byte) => Uint8Array.of(byte)))],
  )
  for await (const event of watchObjects(source, timing)) {
    if (event.type === 'SYNCED') continue
    expect(event.object.data).toEqual({ greeting: '안녕 🚀' })
    break
  }
})

test('nothing is read before the consumer asks for it', async () => {
  let pulled = 0
  async function* counting(): AsyncGenerator<Uint8Array> {
    for (const version of ['6', '7', '8']) {
      pulled++
      yield* bytes(line('ADDED', configMap(`v${version}`, version)))
    }
  }
  const events = watchObjects(scripted([{ items: [], resourceVersion: '5' }], [counting]), timing)
  await events.next()
  expect(pulled).toBe(0)
  await events.next()
  expect(pulled).toBe(1)
  await events.return()
})

test('a silent connection is given up and resumed', async () => {
  const source = scripted(
    [{ items: [], resourceVersion: '5' }],
    [quiet, () => bytes(line('ADDED', configMap('a', '6')))],
  )
  const events: string[] = []
  for await (const event of watchObjects(source, { ...timing, silenceMs: 20 })) {
    events.push(show(event))
    if (events.length === 2) break
  }
  expect(events).toEqual(['SYNCED 5', 'ADDED a@6'])
  expect(source.cursors).toEqual(['5', '5'])
})

test('an abort ends the loop without an error, and the connection with it', async () => {
  const stop = new AbortController()
  const connections: AbortSignal[] = []
  const source = scripted(
    [{ items: [], resourceVersion: '5' }],
    [(signal) => (connections.push(signal), stop.abort(), quiet(signal))],
  )
  for await (const event of watchObjects(source, { ...timing, signal: stop.signal })) expect(event.type).toBe('SYNCED')
  expect(connections.map(({ aborted }) => aborted)).toEqual([true])
})

test('an abort while the consumer holds an event opens no connection', async () => {
  const stop = new AbortController()
  const source = scripted([{ items: [], resourceVersion: '5' }], [])
  for await (const event of watchObjects(source, { ...timing, signal: stop.signal })) {
    if (event.type === 'SYNCED') stop.abort()
  }
  expect(source.cursors).toEqual([])
})

test.each([401, 403, 404])('%i ends the watch: no retry can help', async (status) => {
  const source: WatchSource<ConfigMap> = {
    ...scripted([], []),
    list: () =>
      Promise.reject(
        new KubeApiError('NEXUS_KUBE_REFUSED', `refused ${status}`, {
          status,
          reason: '',
          request: { method: 'GET', path: '/' },
        }),
      ),
  }
  await expect(take(source, 1)).rejects.toThrow(`refused ${status}`)
})

test('a server that is away for a while is asked until it is back', async () => {
  const lists = [{ items: [configMap('a', '1')], resourceVersion: '5' }]
  const source = scripted(lists, [])
  let failures = 3
  const flaky: WatchSource<ConfigMap> = {
    ...source,
    list: (signal) =>
      failures-- > 0
        ? Promise.reject(
            new KubeApiError('NEXUS_KUBE_UNREACHABLE', 'away', {
              status: 0,
              reason: 'Unreachable',
              request: { method: 'GET', path: '/' },
            }),
          )
        : source.list(signal),
  }
  expect(await take(flaky, 2)).toEqual(['ADDED a@1', 'SYNCED 5'])
})
