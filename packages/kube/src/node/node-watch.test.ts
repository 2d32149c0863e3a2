import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { Kinds } from '../index.ts'
import { createNodeKubeClient } from './node-client.ts'
import { podLogs } from './pod-logs.ts'
import { configMap, configMapList, sendJson, startScriptedServer, statusOf } from './testing/scripted-server.ts'
import type { Script, SeenRequest } from './testing/scripted-server.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function clientOf(script: Script, silenceMs = 60_000, timeouts = {}) {
  const server = await startScriptedServer(script)
  const backoff = { baseMs: 1, maxMs: 2 }
  const kube = createNodeKubeClient(
    { server: server.url, auth: { type: 'none' } },
    { retry: backoff, watch: { backoff, silenceMs }, timeouts },
  )
  cleanups.push(
    () => server.close(),
    () => kube.close(),
  )
  return { kube, server }
}

/** Lists nothing, and gives watches to `onWatch` with their number. */
function watching(onWatch: (response: ServerResponse, number: number, request: SeenRequest) => void): Script {
  let number = 0
  return (request, response) => {
    if (!request.query.has('watch')) return sendJson(response, configMapList([], '5'))
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    onWatch(response, ++number, request)
  }
}

function added(name: string, resourceVersion: string): string {
  return `${JSON.stringify({ type: 'ADDED', object: configMap(name, resourceVersion) })}\n`
}

const query = { kind: Kinds.ConfigMap, namespace: 'demo', labelSelector: 'app=x' }

test('a watch asks for bookmarks, a time limit and the selection, and resumes after the connection was destroyed', async () => {
  const { kube, server } = await clientOf(
    watching((response, number) => {
      if (number === 1) response.write(added('a', '6') + added('b', '7').slice(0, 30), () => response.socket?.destroy())
      else response.write(added('b', '7'))
    }),
  )
  const names: string[] = []
  for await (const event of kube.watch(query)) {
    if (event.type === 'SYNCED') continue
    names.push(event.object.metadata.name)
    if (names.length === 2) break
  }
  expect(names).toEqual(['a', 'b'])
  const watches = server.seen.filter(({ query }) => query.has('watch'))
  expect(watches.map(({ query }) => query.get('resourceVersion'))).toEqual(['5', '6'])
  expect(Object.fromEntries(watches[0]?.query ?? [])).toEqual({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: '5',
    timeoutSeconds: '270',
    labelSelector: 'app=x',
  })
})

test('a connection that says nothing is replaced, and not left open', async () => {
  const first = Promise.withResolvers<void>()
  const { kube } = await clientOf(
    watching((response, number) => {
      if (number === 1) response.socket?.on('close', first.resolve)
      else response.write(added('a', '6'))
    }),
    30,
  )
  for await (const event of kube.watch(query)) if (event.type === 'ADDED') break
  await first.promise
})

test('an abort ends the loop and frees the connection', async () => {
  const stop = new AbortController()
  const freed = Promise.withResolvers<void>()
  const { kube } = await clientOf(
    watching((response) => {
      response.socket?.on('close', freed.resolve)
      response.write(added('a', '6'))
    }),
  )
  const seen: string[] = []
  for await (const event of kube.watch(query, { signal: stop.signal })) {
    seen.push(event.type)
    if (event.type === 'ADDED') setImmediate(() => stop.abort())
  }
  await freed.promise
  expect(seen).toEqual(['SYNCED', 'ADDED'])
})

test('leaving the loop frees the connection', async () => {
  const freed = Promise.withResolvers<void>()
  const { kube } = await clientOf(
    watching((response) => {
      response.socket?.on('close', freed.resolve)
      response.write(added('a', '6'))
    }),
  )
  for await (const event of kube.watch(query)) if (event.type === 'ADDED') break
  await freed.promise
})

test('closing the client ends its watches without an error', async () => {
  const { kube } = await clientOf(watching((response) => void response.write(added('a', '6'))))
  const types: string[] = []
  for await (const event of kube.watch(query)) {
    types.push(event.type)
    if (event.type === 'ADDED') void kube.close()
  }
  expect(types).toEqual(['SYNCED', 'ADDED'])
})

test('a watch that the server refuses says which', async () => {
  const { kube } = await clientOf((_, response) =>
    sendJson(response, statusOf(403, 'Forbidden', 'configmaps is forbidden'), 403),
  )
  const watch = kube.watch(query)[Symbol.asyncIterator]()
  await expect(watch.next()).rejects.toMatchObject({
    message: 'listing configmaps in demo: configmaps is forbidden',
    hint: 'Ask your cluster admin for the right; check with `kubectl auth can-i list configmaps -n demo`.',
  })
})

test('a pod’s log arrives by lines while it is written, the last one even without its line break', async () => {
  const { kube, server } = await clientOf((_, response) => {
    response.write('one\ntw')
    void once(response, 'test:go').then(() => response.end('o\nthree'))
    responses.push(response)
  })
  const responses: ServerResponse[] = []
  const lines: string[] = []
  for await (const line of podLogs(kube, {
    namespace: 'demo',
    pod: 'llama',
    container: 'kserve-container',
    follow: true,
    tailLines: 3,
  })) {
    if (lines.push(line) === 1) responses[0]?.emit('test:go')
  }
  expect(lines).toEqual(['one', 'two', 'three'])
  expect(server.seen[0]?.path).toBe('/api/v1/namespaces/demo/pods/llama/log')
  expect(server.seen[0]?.query.toString()).toBe('container=kserve-container&follow=true&tailLines=3')
})

test('a refusal that never comes to its end is a timeout; a stream may take longer', async () => {
  const script: Script = ({ query }, response) => {
    response.writeHead(query.has('follow') ? 200 : 500).write('one\n')
    if (query.has('follow')) setTimeout(() => response.end('two\n'), 700)
  }
  const { kube } = await clientOf(script, undefined, { requestMs: 500 })
  const log = podLogs(kube, { namespace: 'demo', pod: 'llama' })
  await expect(log.next()).rejects.toMatchObject({ code: 'NEXUS_KUBE_TIMEOUT' })
  const followed: string[] = []
  for await (const line of podLogs(kube, { namespace: 'demo', pod: 'llama', follow: true })) followed.push(line)
  expect(followed).toEqual(['one', 'two'])
})

test('a log that cannot be read says why', async () => {
  const { kube } = await clientOf((_, response) =>
    sendJson(response, statusOf(400, 'BadRequest', 'container "c" is waiting to start'), 400),
  )
  await expect(podLogs(kube, { namespace: 'demo', pod: 'llama' }).next()).rejects.toMatchObject({
    message: 'reading the log of Pod demo/llama: container "c" is waiting to start',
    status: 400,
  })
})
