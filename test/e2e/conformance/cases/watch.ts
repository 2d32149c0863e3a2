import { pathIn, secret } from '../bodies.ts'
import type { ConformanceCase, ServerUnderTest, WatchEvent } from '../case.ts'
import { fieldAt, namesOf, versionOf } from '../fields.ts'

export const area = 'watch'

const many = (count: number) => (events: readonly WatchEvent[]) => events.length >= count
const never = () => false

/** Makes one, changes it, makes another, deletes the first: four changes of which a watch tells. */
async function live({ namespace, prepare }: ServerUnderTest): Promise<void> {
  const path = pathIn(namespace, 'secrets')
  await prepare({ method: 'POST', path, body: secret('one', {}, { labels: { a: '1' } }) })
  await prepare({ method: 'PUT', path: `${path}/one`, body: secret('one', { k: 'MQ==' }, { labels: { a: '1' } }) })
  await prepare({ method: 'POST', path, body: secret('two') })
  await prepare({ method: 'DELETE', path: `${path}/one` })
}

async function listVersion({ namespace, prepare }: ServerUnderTest): Promise<string> {
  const { body } = await prepare({ method: 'GET', path: pathIn(namespace, 'secrets') })
  return versionOf(body)
}

export const cases: readonly ConformanceCase[] = [
  {
    title: 'a watch from a version tells every later change, a deletion with the last state',
    async run(server) {
      const path = `${pathIn(server.namespace, 'secrets')}?watch=true&resourceVersion=${await listVersion(server)}`
      await server.watch(path, many(4), () => live(server))
    },
  },
  {
    title: 'a watch from a version in the past begins there',
    async run(server) {
      const path = `${pathIn(server.namespace, 'secrets')}?watch=1&resourceVersion=${await listVersion(server)}`
      await live(server)
      await server.watch(path, many(4))
    },
  },
  {
    title: 'a watch from 0 and one from nowhere begin with what there is',
    async run(server) {
      await live(server)
      const list = {
        method: 'GET',
        path: `${pathIn(server.namespace, 'secrets')}?resourceVersion=0`,
        compared: namesOf,
      }
      // Version 0 may be what a cache has: it takes a moment to be up to date.
      await server.until(list, ({ body }) => JSON.stringify(namesOf(body)) === '["two"]')
      const path = `${pathIn(server.namespace, 'secrets')}?watch=true`
      await server.watch(`${path}&resourceVersion=0`, many(1))
      await server.watch(path, many(1))
    },
  },
  {
    title: 'objects enter and leave the selection of a watch',
    async run(server) {
      const { namespace, prepare } = server
      const path = pathIn(namespace, 'secrets')
      const labelled = async (app: string, data = {}) =>
        prepare({ method: 'PUT', path: `${path}/one`, body: secret('one', data, { labels: { app } }) })
      const from = await listVersion(server)
      await server.watch(`${path}?watch=true&labelSelector=app%3Da&resourceVersion=${from}`, many(6), async () => {
        await prepare({ method: 'POST', path, body: secret('one', {}, { labels: { app: 'b' } }) })
        await labelled('a')
        await labelled('a', { k: 'MQ==' })
        await labelled('b', { k: 'Mg==' })
        await labelled('a', { k: 'Mw==' })
        await prepare({ method: 'DELETE', path: `${path}/one` })
        await prepare({ method: 'POST', path, body: secret('two', {}, { labels: { app: 'a' } }) })
      })
    },
  },
  {
    title: 'one object is watched by its name',
    async run(server) {
      const path = pathIn(server.namespace, 'secrets')
      const from = await listVersion(server)
      await server.watch(`${path}?watch=true&fieldSelector=metadata.name%3Dtwo&resourceVersion=${from}`, many(1), () =>
        live(server),
      )
      await server.send({ method: 'GET', path: `${path}/two?watch=true&resourceVersion=${from}` })
    },
  },
  {
    title: 'the server ends a watch after the time that was asked for',
    async run(server) {
      await live(server)
      await server.watch(`${pathIn(server.namespace, 'secrets')}?watch=true&timeoutSeconds=1`, never)
    },
  },
  {
    title: 'a watch that begins with all objects marks where they end',
    async run(server) {
      await live(server)
      const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
      await server.watch(`${pathIn(server.namespace, 'secrets')}?${query}`, many(2))
      await server.watch(`${pathIn(server.namespace, 'secrets')}?${query}&resourceVersion=0`, many(2))
      await server.watch(`${pathIn(server.namespace, 'secrets')}?${query}&labelSelector=a%3Dnone`, many(1))
    },
  },
  {
    title: 'a watch that allows bookmarks tells nothing else in between',
    async run(server) {
      await live(server)
      const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=2&resourceVersion=${await listVersion(server)}`
      // When a server sends bookmarks is open.
      const others = (body: unknown) => parsed(body).filter((event) => fieldAt(event, 'type') !== 'BOOKMARK')
      await server.send({ method: 'GET', path: `${pathIn(server.namespace, 'secrets')}?${query}`, compared: others })
    },
  },
  {
    title: 'a version from before what is remembered ends a watch with 410',
    async run({ namespace, prepare, until, watch }) {
      const group = `${namespace}.example.com`
      const schema = { openAPIV3Schema: { type: 'object' } }
      const body = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: `things.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural: 'things', kind: 'Thing' },
          versions: [{ name: 'v1', served: true, storage: true, schema }],
        },
      }
      await prepare({ method: 'POST', path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', body })
      const path = pathIn(namespace, 'things', `${group}/v1`)
      await until({ method: 'GET', path }, ({ status }) => status === 200)
      await watch(`${path}?watch=true&resourceVersion=1`, many(1))
    },
  },
  {
    title: 'a version that is not there yet is waited for',
    async run(server) {
      const path = `${pathIn(server.namespace, 'secrets')}?watch=true&timeoutSeconds=1`
      await server.watch(`${path}&resourceVersion=999999999`, many(1))
    },
    differs: 'the sandbox refuses a version that can only be of another cluster, where Kubernetes would wait forever',
  },
  {
    title: 'a watch with a version that is none is refused',
    async run(server) {
      const path = `${pathIn(server.namespace, 'secrets')}?watch=true&timeoutSeconds=1`
      await server.watch(`${path}&resourceVersion=x`, many(1))
      await server.watch(`${path}&fieldSelector=data%3Dx`, many(1))
      await server.watch(`${path}&timeoutSeconds=x`, many(1))
    },
  },
  {
    title: 'a watch shows tables and metadata as a list does',
    async run(server) {
      await live(server)
      const path = `${pathIn(server.namespace, 'secrets')}?watch=true&timeoutSeconds=1`
      await server.send({
        method: 'GET',
        path,
        accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
        compared: (body) => parsed(body).map((event) => fieldAt(event, 'object', 'rows')),
      })
      const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
      await server.send({ method: 'GET', path, accept, compared: parsed })
    },
  },
  {
    title: 'a deletion that waits for a finalizer is a change before it is a deletion',
    async run(server) {
      const { namespace, prepare } = server
      const path = pathIn(namespace, 'secrets')
      const from = await listVersion(server)
      await server.watch(`${path}?watch=true&resourceVersion=${from}`, many(4), async () => {
        await prepare({ method: 'POST', path, body: secret('one', {}, { finalizers: ['example.com/wait'] }) })
        await prepare({ method: 'DELETE', path: `${path}/one` })
        const { body } = await prepare({ method: 'GET', path: `${path}/one` })
        const type = String(fieldAt(body, 'type'))
        await prepare({ method: 'PUT', path: `${path}/one`, body: { ...secret('one'), type } })
        await prepare({ method: 'POST', path, body: secret('two') })
      })
    },
  },
]

/** The lines of a watch as values. */
function parsed(body: unknown): unknown[] {
  const lines = typeof body === 'string' ? body.split('\n').filter((line) => line !== '') : [JSON.stringify(body)]
  return lines.map((line): unknown => JSON.parse(line))
}
