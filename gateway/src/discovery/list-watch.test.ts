import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../testing/loopback.ts'
import { followList, type WatchedResource } from './list-watch.ts'
import { mountServiceAccount, startApi } from './testing/api-server.ts'

/** Follows lists of names until the end of the test; gives what each has seen. */
async function followNames(url: string, ...resources: Omit<WatchedResource<string>, 'title' | 'parse'>[]) {
  const stopping = new AbortController()
  const serviceAccountDir = await mountServiceAccount()
  const names = resources.map(() => new Set<string>())
  const times = { watchMs: 60_000, silenceMs: 60_000, minRetryMs: 5, maxRetryMs: 20 }
  const log = pino({ level: 'silent' })
  const following = resources.map((resource, index) => {
    const seen = names[index] ?? new Set()
    const sink = {
      replace: (items: readonly string[]) => {
        seen.clear()
        for (const item of items) seen.add(item)
      },
      set: (item: string) => void seen.add(item),
      delete: (item: string) => void seen.delete(item),
    }
    const parse = (object: unknown): string | undefined => /"name":"(\w+)"/.exec(JSON.stringify(object))?.[1]
    const options = { url, serviceAccountDir, times, log, signal: stopping.signal }
    return followList({ title: 'names', parse, ...resource }, sink, options)
  })
  onTestFinished(async () => {
    stopping.abort()
    await Promise.all(following)
  })
  return names
}

const object = (name: string): object => ({ metadata: { name, resourceVersion: '2' } })

test('follows what a selector takes, in lists and in watches', async () => {
  const { url, list } = await startApi()
  const secrets = list('/api/v1/namespaces/nexus/secrets')
  secrets.items = [object('keys'), {}]
  const query = { fieldSelector: 'metadata.name=keys' }
  const [names] = await followNames(url, { path: '/api/v1/namespaces/nexus/secrets', query })
  await eventually(() => [...(names ?? [])]).toEqual(['keys'])
  await eventually(() => secrets.watches).toHaveLength(1)
  const queries = [...secrets.lists, ...secrets.watches.map((watch) => watch.query)]
  expect(queries.map((sent) => sent.get('fieldSelector'))).toEqual(['metadata.name=keys', 'metadata.name=keys'])
  secrets.watches[0]?.send('ADDED', object('more'))
  await eventually(() => [...(names ?? [])]).toEqual(['keys', 'more'])
  secrets.watches[0]?.send('DELETED', object('keys'))
  await eventually(() => [...(names ?? [])]).toEqual(['more'])
})

test('asks seldom for a kind that many clusters do not have', async () => {
  const { url, list } = await startApi()
  const [optional, expected] = [list('/apis/optional'), list('/apis/expected')]
  optional.status = 404
  expected.status = 404
  await followNames(url, { path: '/apis/optional', absentMs: 60_000 }, { path: '/apis/expected' })
  await eventually(() => expected.asked).toBeGreaterThan(10)
  expect(optional.asked).toBe(1)
})

test('asks for other trouble with such a kind as often as for any', async () => {
  const { url, list } = await startApi()
  const optional = list('/apis/optional')
  optional.status = 500
  await followNames(url, { path: '/apis/optional', absentMs: 60_000 })
  await eventually(() => optional.asked).toBeGreaterThan(3)
})
