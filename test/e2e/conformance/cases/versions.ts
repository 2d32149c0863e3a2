import { pathIn, secret } from '../bodies.ts'
import type { ConformanceCase, ServerUnderTest } from '../case.ts'
import { versionOf } from '../fields.ts'

export const area = 'versions (resourceVersion)'

async function makeTwo({ namespace, prepare }: ServerUnderTest): Promise<{ path: string; first: string }> {
  const path = pathIn(namespace, 'secrets')
  const labels = { suite: 'x' }
  const { body } = await prepare({ method: 'POST', path, body: secret('one', {}, { labels }) })
  await prepare({ method: 'POST', path, body: secret('two', {}, { labels }) })
  return { path, first: versionOf(body) }
}

const FUTURE = '999999999'

export const cases: readonly ConformanceCase[] = [
  {
    title: 'an object is read at any version up to now',
    async run(server) {
      const { path, first } = await makeTwo(server)
      for (const version of ['', '0', first])
        await server.send({ method: 'GET', path: `${path}/one?resourceVersion=${version}` })
      await server.send({ method: 'GET', path: `${path}/one?resourceVersion=x` })
      await server.send({ method: 'GET', path: `${path}/one?resourceVersion=-1` })
    },
  },
  {
    title: 'a list is read at any version, not older than one, or exactly at one',
    async run(server) {
      const { path, first } = await makeTwo(server)
      const list = `${path}?labelSelector=suite%3Dx`
      for (const query of [
        'resourceVersion=0',
        `resourceVersion=${first}`,
        `resourceVersion=${first}&resourceVersionMatch=NotOlderThan`,
        'resourceVersion=0&resourceVersionMatch=NotOlderThan',
        `resourceVersion=${first}&limit=1`,
      ])
        await server.send({ method: 'GET', path: `${list}&${query}` })
    },
  },
  {
    title: 'a list exactly at an earlier version shows what was there then',
    async run(server) {
      const { path, first } = await makeTwo(server)
      await server.send({
        method: 'GET',
        path: `${path}?labelSelector=suite%3Dx&resourceVersion=${first}&resourceVersionMatch=Exact`,
      })
    },
  },
  {
    title: 'combinations of version and match that mean nothing are refused',
    async run(server) {
      const { path } = await makeTwo(server)
      for (const query of [
        'resourceVersionMatch=Exact',
        'resourceVersionMatch=NotOlderThan',
        'resourceVersion=0&resourceVersionMatch=Exact',
        'resourceVersion=1&resourceVersionMatch=Sometimes',
        'resourceVersion=x',
        'resourceVersion=-1',
        'watch=true&timeoutSeconds=1&resourceVersionMatch=Exact&resourceVersion=1',
        'watch=true&timeoutSeconds=1&sendInitialEvents=true',
        'watch=true&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=Exact',
        'sendInitialEvents=true',
      ])
        await server.send({ method: 'GET', path: `${path}?${query}` })
    },
  },
  {
    title: 'a version that is not there yet is not waited for long',
    async run(server) {
      const { path } = await makeTwo(server)
      await server.send({ method: 'GET', path: `${path}?resourceVersion=${FUTURE}&resourceVersionMatch=Exact` })
      await server.send({ method: 'GET', path: `${path}/one?resourceVersion=${FUTURE}` })
    },
  },
  {
    title: 'versions only grow',
    async run({ namespace, prepare, send }) {
      const path = pathIn(namespace, 'secrets')
      const { body: created } = await prepare({ method: 'POST', path, body: secret('one') })
      const { body: changed } = await prepare({
        method: 'PUT',
        path: `${path}/one`,
        body: secret('one', { a: 'MQ==' }),
      })
      await prepare({ method: 'DELETE', path: `${path}/one` })
      const { body: again } = await prepare({ method: 'POST', path, body: secret('one') })
      await send({
        method: 'GET',
        path,
        compared: (list) => {
          const versions = [created, changed, again, list].map((one) => Number(versionOf(one)))
          return versions.every((version, index) => index === 0 || version >= (versions[index - 1] ?? 0))
        },
      })
    },
  },
]
