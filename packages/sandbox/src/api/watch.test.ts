import { connect as connectPlainly } from 'node:net'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { fieldAt, stringAt } from './objects/fields.ts'
import { ADMIN_TOKEN, startTestServer } from './testing/test-server.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
/** Patience for a machine with much else to do, not a measurement. */
const DEADLINE = { timeout: 120_000 }

function configMap(name: string, labels: Record<string, string> = {}): object {
  return { metadata: { name, labels } }
}

async function next(events: AsyncGenerator): Promise<{ type: unknown; name: string | undefined; object: unknown }> {
  const result: IteratorResult<unknown, unknown> = await events.next()
  const event = result.value
  return {
    type: fieldAt(event, 'type'),
    name: stringAt(event, 'object', 'metadata', 'name'),
    object: fieldAt(event, 'object'),
  }
}

test('a watch without a version begins with what exists and goes on with what happens', async () => {
  await using api = await startTestServer()
  await api.ask('POST', MAPS, { body: configMap('before') })
  const events = await api.watch(`${MAPS}?watch=true`)
  expect(await next(events)).toMatchObject({ type: 'ADDED', name: 'before' })
  await api.ask('POST', MAPS, { body: configMap('after') })
  await api.ask('PUT', `${MAPS}/after`, { body: { metadata: { name: 'after' }, data: { a: 'b' } } })
  await api.ask('DELETE', `${MAPS}/before`)
  expect(await next(events)).toMatchObject({ type: 'ADDED', name: 'after' })
  expect(await next(events)).toMatchObject({ type: 'MODIFIED', name: 'after', object: { data: { a: 'b' } } })
  expect(await next(events)).toMatchObject({ type: 'DELETED', name: 'before' })
  await events.return(undefined)
})

test('a watch from the version of a list misses nothing in between', async () => {
  await using api = await startTestServer()
  await api.ask('POST', MAPS, { body: configMap('listed') })
  const list = await api.ask('GET', MAPS)
  await api.ask('POST', MAPS, { body: configMap('between') })
  const version = stringAt(list.body, 'metadata', 'resourceVersion') ?? ''
  const events = await api.watch(`${MAPS}?watch=1&resourceVersion=${version}`)
  expect(await next(events)).toMatchObject({ type: 'ADDED', name: 'between' })
  await events.return(undefined)
})

test('for a selector, an object comes and goes with its labels', async () => {
  await using api = await startTestServer()
  const events = await api.watch(`${MAPS}?watch=true&labelSelector=in%3Dyes`)
  await api.ask('POST', MAPS, { body: configMap('wanders') })
  await api.ask('PUT', `${MAPS}/wanders`, { body: configMap('wanders', { in: 'yes' }) })
  const out = await api.ask('PUT', `${MAPS}/wanders`, { body: configMap('wanders', { in: 'no' }) })
  const version = stringAt(out.body, 'metadata', 'resourceVersion')
  expect(await next(events)).toMatchObject({ type: 'ADDED', name: 'wanders' })
  const gone = { metadata: { labels: { in: 'yes' }, resourceVersion: version } }
  expect(await next(events)).toMatchObject({ type: 'DELETED', name: 'wanders', object: gone })
  await events.return(undefined)
})

test.each(['999999', '1'])(
  'a watch from version %s, which the server cannot know, is told to list again',
  async (version) => {
    await using api = await startTestServer()
    const churn = api.ask('POST', MAPS, { body: configMap('one') })
    await churn
    // Version 1 is older than the four namespaces of an empty cluster, whose changes are known; a restart forgets them.
    await using reopened = await reopen(api)
    const events = await reopened.watch(`${MAPS}?watch=true&resourceVersion=${version}`)
    expect(await next(events)).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
  },
)

async function reopen(api: Awaited<ReturnType<typeof startTestServer>>): ReturnType<typeof startTestServer> {
  await api.server.close()
  return startTestServer({ dir: api.dir })
}

test('a client that asks for the initial events is told when it has them all', async () => {
  await using api = await startTestServer()
  await api.ask('POST', MAPS, { body: configMap('one') })
  const events = await api.watch(
    `${MAPS}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
  )
  expect(await next(events)).toMatchObject({ type: 'ADDED', name: 'one' })
  const annotations = { 'k8s.io/initial-events-end': 'true' }
  expect(await next(events)).toMatchObject({
    type: 'BOOKMARK',
    object: { kind: 'ConfigMap', metadata: { annotations } },
  })
  await events.return(undefined)
})

test('a watch ends after the seconds the client names, with a last bookmark', async () => {
  await using api = await startTestServer()
  const events = await api.watch(`${MAPS}?watch=true&timeoutSeconds=1&allowWatchBookmarks=true`)
  expect(await next(events)).toMatchObject({ type: 'BOOKMARK' })
  expect(await events.next()).toMatchObject({ done: true })
})

test.each(['2147484', '9223372036'])('a watch of %s seconds does not end at once', async (seconds) => {
  await using api = await startTestServer()
  const events = await api.watch(`${MAPS}?watch=true&timeoutSeconds=${seconds}`)
  await api.ask('POST', MAPS, { body: configMap('late') })
  expect(await next(events)).toMatchObject({ type: 'ADDED', name: 'late' })
  await events.return(undefined)
})

test('a watch that cannot show a change is cut, and the write goes on', async () => {
  let broken = false
  const clock = (): Date => {
    if (!broken) return new Date()
    broken = false
    throw new Error('the clock stopped')
  }
  await using api = await startTestServer({ clock })
  await api.ask('POST', MAPS, { body: configMap('one') })
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  const cut = api.ask('GET', `${MAPS}?watch=true`, { accept }).catch(String)
  const other = await api.watch(`${MAPS}?watch=true`)
  expect(await next(other)).toMatchObject({ type: 'ADDED' })
  broken = true
  const written = await api.ask('PUT', `${MAPS}/one`, { body: { metadata: { name: 'one' }, data: { a: 'b' } } })
  expect(written.status).toBe(200)
  expect(await next(other)).toMatchObject({ type: 'MODIFIED' })
  expect(await cut).toContain('aborted')
  await other.return(undefined)
})

test('a watch as table sends tables', async () => {
  await using api = await startTestServer()
  await api.ask('POST', MAPS, { body: configMap('row') })
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  const answer = await api.ask('GET', `${MAPS}?watch=true&timeoutSeconds=1`, { accept })
  const event: unknown = JSON.parse(answer.text.split('\n')[0] ?? '')
  expect(event).toMatchObject({ type: 'ADDED', object: { kind: 'Table' } })
})

test('a watch may begin with more than a client may leave unread', DEADLINE, async () => {
  await using api = await startTestServer()
  const block = 'x'.repeat(1024 * 1024 - 1024)
  const names = Array.from({ length: 20 }, (_, index) => `large-${index + 10}`)
  for (const name of names) await api.ask('POST', MAPS, { body: { metadata: { name }, data: { block } } })
  const events = await api.watch(`${MAPS}?watch=true`)
  const seen: unknown[] = []
  while (seen.length < names.length) seen.push((await next(events)).name)
  expect(seen).toEqual(names)
  await events.return(undefined)
})

test('closing the server ends open watches', async () => {
  const api = await startTestServer()
  const events = await api.watch(`${MAPS}?watch=true`)
  await api.ask('POST', MAPS, { body: configMap('one') })
  expect(await next(events)).toMatchObject({ type: 'ADDED' })
  const end = events.next().then(
    () => 'ended',
    () => 'ended',
  )
  await api[Symbol.asyncDispose]()
  expect(await end).toBe('ended')
})

test('closing the server does not wait for a connection that says nothing', async () => {
  const api = await startTestServer()
  const socket = connectPlainly(api.server.port, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')))
  socket.on('error', () => undefined)
  await api[Symbol.asyncDispose]()
  expect(await closed).toBe('closed')
})

test('a client that stops reading is cut instead of filling the memory', DEADLINE, async () => {
  await using api = await startTestServer()
  const socket = connect({ host: '127.0.0.1', port: api.server.port, ca: api.server.caPem })
  const path = `${MAPS}?watch=true`
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\n\r\n`)
  await new Promise((resolve) => socket.once('readable', resolve))
  const cut = new Promise((resolve) => socket.once('close', () => resolve('cut')))
  socket.on('error', () => undefined)
  const block = 'x'.repeat(1024 * 1024 - 1024)
  await api.ask('POST', MAPS, { body: configMap('large') })
  for (let round = 0; round < 32; round++) {
    const body = { metadata: { name: 'large' }, data: { a: `${round}${block}` } }
    await api.ask('PUT', `${MAPS}/large`, { body })
  }
  socket.resume()
  expect(await cut).toBe('cut')
})
