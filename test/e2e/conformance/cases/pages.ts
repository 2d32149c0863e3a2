import { secret, pathIn } from '../bodies.ts'
import type { Answer, ConformanceCase, ServerUnderTest } from '../case.ts'
import { fieldAt } from '../fields.ts'

export const area = 'lists in pages (limit, continue)'

async function makeFive({ namespace, prepare }: ServerUnderTest): Promise<string> {
  const path = pathIn(namespace, 'secrets')
  for (const name of ['e', 'c', 'a', 'd', 'b'])
    await prepare({ method: 'POST', path, body: secret(name, undefined, { labels: { suite: 'x' } }) })
  return `${path}?labelSelector=suite%3Dx`
}

const tokenOf = ({ body }: Answer): string => encodeURIComponent(String(fieldAt(body, 'metadata', 'continue')))

export const cases: readonly ConformanceCase[] = [
  {
    title: 'a list is read in pages',
    async run(server) {
      const path = `${pathIn(server.namespace, 'secrets')}?limit=2`
      for (const name of ['e', 'c', 'a', 'd', 'b']) {
        const body = secret(name)
        await server.prepare({ method: 'POST', path: pathIn(server.namespace, 'secrets'), body })
      }
      const first = await server.send({ method: 'GET', path })
      const second = await server.send({ method: 'GET', path: `${path}&continue=${tokenOf(first)}` })
      await server.send({ method: 'GET', path: `${path}&continue=${tokenOf(second)}` })
    },
  },
  {
    title: 'pages of a selection do not say how many objects remain',
    async run(server) {
      const path = await makeFive(server)
      const first = await server.send({ method: 'GET', path: `${path}&limit=2` })
      await server.send({ method: 'GET', path: `${path}&limit=3&continue=${tokenOf(first)}` })
    },
  },
  {
    title: 'later pages show the state of the first',
    async run(server) {
      const path = await makeFive(server)
      const own = pathIn(server.namespace, 'secrets')
      const first = await server.send({ method: 'GET', path: `${path}&limit=2` })
      await server.prepare({ method: 'DELETE', path: `${own}/c` })
      await server.prepare({ method: 'POST', path: own, body: secret('cc', {}, { labels: { suite: 'x' } }) })
      await server.prepare({
        method: 'PUT',
        path: `${own}/d`,
        body: secret('d', { new: 'MQ==' }, { labels: { suite: 'x' } }),
      })
      await server.send({ method: 'GET', path: `${path}&limit=2&continue=${tokenOf(first)}` })
    },
  },
  {
    title: 'a page that fits holds everything and no token',
    async run(server) {
      const path = await makeFive(server)
      await server.send({ method: 'GET', path: `${path}&limit=5` })
      await server.send({ method: 'GET', path: `${path}&limit=0` })
    },
  },
  {
    title: 'a version beside a token, and a limit that is no number, are refused',
    async run(server) {
      const path = await makeFive(server)
      const first = await server.send({ method: 'GET', path: `${path}&limit=2` })
      await server.send({ method: 'GET', path: `${path}&limit=2&continue=${tokenOf(first)}&resourceVersion=1` })
      await server.send({ method: 'GET', path: `${path}&limit=x` })
      await server.send({ method: 'GET', path: `${path}&limit=-1` })
    },
  },
  {
    title: 'a token that is none is refused',
    async run(server) {
      const path = await makeFive(server)
      await server.send({ method: 'GET', path: `${path}&limit=2&continue=nonsense` })
      await server.send({ method: 'GET', path: `${path}&limit=2&continue=bm9uc2Vuc2U` })
    },
    differs: 'the sentence of Kubernetes goes on with what its parser met; status and reason are the same',
  },
]
