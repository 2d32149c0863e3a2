import { configMap, pathIn, secret } from '../bodies.ts'
import type { ConformanceCase, ServerUnderTest } from '../case.ts'

export const area = 'deletion of collections'

async function makeThree({ namespace, prepare }: ServerUnderTest): Promise<string> {
  const path = pathIn(namespace, 'secrets')
  for (const [name, app] of Object.entries({ one: 'a', two: 'b', three: 'a' }))
    await prepare({ method: 'POST', path, body: secret(name, {}, { labels: { app } }) })
  return path
}

export const cases: readonly ConformanceCase[] = [
  {
    title: 'a selection is deleted, and nothing else',
    async run(server) {
      const path = await makeThree(server)
      await server.send({ method: 'DELETE', path: `${path}?labelSelector=app%3Da` })
      await server.send({ method: 'GET', path })
      await server.send({ method: 'DELETE', path: `${path}?fieldSelector=metadata.name%3Dtwo` })
      await server.send({ method: 'DELETE', path })
    },
  },
  {
    title: 'a collection is deleted whole',
    async run(server) {
      const path = await makeThree(server)
      await server.send({ method: 'DELETE', path, body: { kind: 'DeleteOptions', apiVersion: 'v1' } })
      await server.send({ method: 'GET', path })
    },
  },
  {
    title: 'a dry run deletes nothing of a collection',
    async run(server) {
      const path = await makeThree(server)
      await server.send({ method: 'DELETE', path: `${path}?dryRun=All` })
      await server.send({ method: 'DELETE', path, body: { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] } })
      await server.send({ method: 'GET', path })
    },
  },
  {
    title: 'finalizers hold the objects of a collection',
    async run(server) {
      const path = pathIn(server.namespace, 'configmaps')
      const held = { finalizers: ['example.com/wait'], labels: { suite: 'x' } }
      await server.prepare({ method: 'POST', path, body: configMap('held', {}, held) })
      await server.prepare({ method: 'POST', path, body: configMap('free', {}, { labels: { suite: 'x' } }) })
      await server.send({ method: 'DELETE', path: `${path}?labelSelector=suite%3Dx` })
      await server.send({ method: 'GET', path: `${path}?labelSelector=suite%3Dx` })
    },
  },
  {
    title: 'selectors and options that are none delete nothing',
    async run(server) {
      const path = await makeThree(server)
      await server.send({ method: 'DELETE', path: `${path}?labelSelector=a%3Db%3Dc` })
      await server.send({ method: 'DELETE', path: `${path}?fieldSelector=data.a%3Db` })
      await server.send({
        method: 'DELETE',
        path,
        body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'No' },
      })
      await server.send({ method: 'GET', path })
    },
  },
]
