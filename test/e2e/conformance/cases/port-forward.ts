import { pathIn, pod } from '../bodies.ts'
import type { ConformanceCase, ServerUnderTest } from '../case.ts'

export const area = 'port-forward: who is refused'

/** A pod that no scheduler takes. */
async function makePod({ namespace, prepare }: ServerUnderTest, spec: object): Promise<string> {
  const path = pathIn(namespace, 'pods')
  await prepare({ method: 'POST', path, body: pod('one', { schedulerName: 'none', ...spec }) })
  return `${path}/one/portforward`
}

export const cases: readonly ConformanceCase[] = [
  {
    title: 'a pod that is not there',
    async run({ namespace, send }) {
      const path = `${pathIn(namespace, 'pods')}/nobody/portforward`
      await send({ method: 'POST', path })
      await send({ method: 'GET', path })
    },
  },
  {
    title: 'a pod without a node',
    async run(server) {
      const path = await makePod(server, {})
      await server.send({ method: 'POST', path })
      await server.send({ method: 'GET', path })
    },
  },
  {
    title: 'a pod of a node that is not there',
    async run(server) {
      await server.send({ method: 'POST', path: await makePod(server, { nodeName: 'nowhere' }) })
    },
  },
  {
    title: 'methods that it does not have',
    async run(server) {
      const path = await makePod(server, {})
      await server.send({ method: 'PUT', path, body: {} })
      await server.send({ method: 'DELETE', path })
    },
  },
]
