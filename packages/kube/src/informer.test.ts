import { expect, test } from 'vitest'
import type { KubeClient, WatchEvent } from './client.ts'
import { startInformer } from './informer.ts'
import type { ConfigMap } from './kinds/core.ts'
import { Kinds } from './kinds/index.ts'
import { createApiClient } from './http/api-client.ts'

function configMap(name: string, version: string, labels: Record<string, string> = {}): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'demo', resourceVersion: version, labels },
  }
}

/** A client whose every watch is `events`; its other methods reject. */
function watching(events: () => AsyncIterable<WatchEvent>): KubeClient {
  const none = { server: 'none', call: refuse, open: refuse }
  // A watch of any kind: what it yields is of that kind because the test says so.
  return Object.assign(createApiClient(none), { watch: events })
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('not used'))
}

async function* yielding(...events: WatchEvent[]): AsyncGenerator<WatchEvent> {
  yield* events
}

const synced: WatchEvent = { type: 'SYNCED', resourceVersion: '1' }
const { signal } = new AbortController()
const query = { kind: Kinds.ConfigMap }

test('holds what the watch told, and tells each change with what was before', async () => {
  const a1 = configMap('a', '1')
  const a2 = configMap('a', '2')
  const b1 = configMap('b', '1', { app: 'llama' })
  const events = yielding(
    { type: 'ADDED', object: a1 },
    synced,
    { type: 'ADDED', object: b1 },
    { type: 'MODIFIED', object: a2 },
    { type: 'DELETED', object: a2 },
  )
  const informer = startInformer(
    watching(() => events),
    query,
    { signal },
  )
  const changes: unknown[] = []
  informer.onChange((change) => changes.push(change))
  await informer.synced
  await informer.stopped
  expect(changes).toEqual([
    { type: 'ADDED', object: a1, previous: undefined },
    { type: 'ADDED', object: b1, previous: undefined },
    { type: 'MODIFIED', object: a2, previous: a1 },
    { type: 'DELETED', object: a2, previous: a2 },
  ])
  expect(informer.get('a', 'demo')).toBeUndefined()
  expect(informer.get('b', 'demo')).toBe(b1)
  expect(informer.get('b', 'elsewhere')).toBeUndefined()
})

test('lists by namespace and by labels', async () => {
  const a = configMap('a', '1', { app: 'llama' })
  const b = configMap('b', '1', { app: 'gemma' })
  const events = yielding({ type: 'ADDED', object: a }, { type: 'ADDED', object: b }, synced)
  const informer = startInformer(
    watching(() => events),
    query,
    { signal },
  )
  await informer.synced
  expect(informer.list()).toEqual([a, b])
  expect(informer.list({ namespace: 'demo', labels: { app: 'llama' } })).toEqual([a])
  expect(
    informer.list({ labels: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['llama'] }] } }),
  ).toEqual([b])
  expect(informer.list({ namespace: 'elsewhere' })).toEqual([])
})

test('a listener that throws stops neither the others nor the watch', async () => {
  const events = yielding(
    { type: 'ADDED', object: configMap('a', '1') },
    { type: 'ADDED', object: configMap('b', '1') },
    synced,
  )
  const errors: unknown[] = []
  const informer = startInformer(
    watching(() => events),
    query,
    { signal, onError: (error) => errors.push(error) },
  )
  const heard: string[] = []
  informer.onChange(() => {
    throw new Error('listener')
  })
  const unsubscribe = informer.onChange(({ object }) => {
    heard.push(object.metadata.name)
    unsubscribe()
  })
  await informer.stopped
  expect(heard).toEqual(['a'])
  expect(errors).toEqual([new Error('listener'), new Error('listener')])
})

test('a watch that cannot begin is told to those who wait and to onError', async () => {
  async function* failing(): AsyncGenerator<WatchEvent> {
    yield* []
    throw new Error('forbidden')
  }
  const errors: unknown[] = []
  const informer = startInformer(watching(failing), query, { signal, onError: (error) => errors.push(error) })
  await expect(informer.synced).rejects.toThrow('forbidden')
  await informer.stopped
  expect(errors).toEqual([new Error('forbidden')])
})

test('an abort before everything has arrived ends the wait for it', async () => {
  const stop = new AbortController()
  async function* untilAborted(): AsyncGenerator<WatchEvent> {
    yield { type: 'ADDED', object: configMap('a', '1') }
    if (!stop.signal.aborted) await new Promise((resolve) => stop.signal.addEventListener('abort', resolve))
  }
  const informer = startInformer(watching(untilAborted), query, { signal: stop.signal })
  informer.onChange(() => stop.abort(new Error('shutting down')))
  await expect(informer.synced).rejects.toThrow('shutting down')
})
