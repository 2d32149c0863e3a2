import { configMap, pathIn, pod } from '../bodies.ts'
import type { ConformanceCase, ServerUnderTest } from '../case.ts'

export const area = 'finalizers and grace'

const MERGE = 'application/merge-patch+json'

async function makeHeld({ namespace, prepare }: ServerUnderTest): Promise<string> {
  const path = pathIn(namespace, 'configmaps')
  await prepare({
    method: 'POST',
    path,
    body: configMap('one', {}, { finalizers: ['example.com/a', 'example.com/b'] }),
  })
  return `${path}/one`
}

const finalizers = (path: string, names: readonly string[]) =>
  ({ method: 'PATCH', path, body: { metadata: { finalizers: names } }, contentType: MERGE }) as const

export const cases: readonly ConformanceCase[] = [
  {
    title: 'an object goes with its last finalizer',
    async run(server) {
      const path = await makeHeld(server)
      await server.send({ method: 'DELETE', path })
      await server.send({ method: 'DELETE', path })
      await server.send({ method: 'GET', path })
      await server.send(finalizers(path, ['example.com/b']))
      await server.send(finalizers(path, []))
      await server.send({ method: 'GET', path })
    },
  },
  {
    title: 'an object on its way out is changed, but takes no new finalizer',
    async run(server) {
      const path = await makeHeld(server)
      await server.prepare({ method: 'DELETE', path })
      await server.send(finalizers(path, ['example.com/a', 'example.com/c']))
      await server.send({ method: 'PATCH', path, body: { data: { a: '1' } }, contentType: MERGE })
      const revive = { metadata: { deletionTimestamp: null } }
      await server.send({ method: 'PATCH', path, body: revive, contentType: MERGE })
      await server.send({ method: 'POST', path: pathIn(server.namespace, 'configmaps'), body: configMap('one') })
    },
  },
  {
    title: 'policies become finalizers',
    async run(server) {
      for (const policy of ['Foreground', 'Orphan', 'Background']) {
        const name = policy.toLowerCase()
        const path = pathIn(server.namespace, 'configmaps')
        const body = configMap(name, {}, { finalizers: ['example.com/a'] })
        await server.prepare({ method: 'POST', path, body })
        await server.send({ method: 'DELETE', path: `${path}/${name}?propagationPolicy=${policy}` })
      }
    },
  },
  {
    title: 'a pod that runs nowhere goes at once, one on a node gets its grace',
    async run(server) {
      const path = pathIn(server.namespace, 'pods')
      await server.prepare({ method: 'POST', path, body: pod('nowhere', { schedulerName: 'none' }) })
      await server.send({ method: 'DELETE', path: `${path}/nowhere` })
      await server.send({ method: 'GET', path: `${path}/nowhere` })
      for (const [name, query] of Object.entries({
        default: '',
        own: '?gracePeriodSeconds=7',
        never: '?gracePeriodSeconds=0',
      })) {
        await server.prepare({
          method: 'POST',
          path,
          body: pod(name, { nodeName: 'a-node', terminationGracePeriodSeconds: 20 }),
        })
        await server.send({ method: 'DELETE', path: `${path}/${name}${query}` })
      }
      await server.send({ method: 'DELETE', path: `${path}/default?gracePeriodSeconds=3` })
      await server.send({ method: 'DELETE', path: `${path}/default?gracePeriodSeconds=9` })
      await server.send({ method: 'DELETE', path: `${path}/default?gracePeriodSeconds=0` })
      await server.send({ method: 'GET', path: `${path}/default` })
    },
  },
]
