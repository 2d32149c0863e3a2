import { configMap, pathIn, pod, secret } from '../bodies.ts'
import type { ConformanceCase, Request } from '../case.ts'

export const area = 'dry run'

const MERGE = 'application/merge-patch+json'
const DRY = 'dryRun=All'

function writes(path: string): readonly Request[] {
  const one = `${path}/one`
  const options = { apiVersion: 'v1', kind: 'DeleteOptions', dryRun: ['All'] }
  return [
    { method: 'POST', path: `${path}?${DRY}`, body: secret('two', { a: 'Mg==' }) },
    { method: 'POST', path: `${path}?${DRY}`, body: { ...secret(''), metadata: { generateName: 'made-' } } },
    { method: 'PUT', path: `${one}?${DRY}`, body: secret('one', { a: 'Mg==' }) },
    { method: 'PATCH', path: `${one}?${DRY}`, body: { data: { a: 'Mg==' } }, contentType: MERGE },
    {
      method: 'PATCH',
      path: `${path}/two?${DRY}&fieldManager=one`,
      body: secret('two', { a: 'Mg==' }),
      contentType: 'application/apply-patch+yaml',
    },
    { method: 'DELETE', path: `${one}?${DRY}` },
    { method: 'DELETE', path: one, body: options },
    { method: 'DELETE', path: `${path}?${DRY}` },
    { method: 'DELETE', path, body: options },
  ]
}

export const cases: readonly ConformanceCase[] = [
  {
    title: 'a dry run of any write answers as the write would and leaves nothing behind',
    managedFields: true,
    async run({ namespace, send, prepare }) {
      const path = pathIn(namespace, 'secrets')
      await prepare({ method: 'POST', path, body: secret('one', { a: 'MQ==' }) })
      for (const request of writes(path)) await send(request)
      await send({ method: 'GET', path: `${path}/one` })
      await send({ method: 'GET', path: `${path}/two` })
      await send({ method: 'GET', path })
    },
  },
  {
    title: 'a dry run is refused what the write would be refused',
    async run({ namespace, send, prepare }) {
      const path = pathIn(namespace, 'configmaps')
      await prepare({ method: 'POST', path, body: configMap('one') })
      await send({ method: 'POST', path: `${path}?${DRY}`, body: configMap('one') })
      await send({ method: 'POST', path: `${path}?${DRY}`, body: configMap('No') })
      await send({ method: 'PUT', path: `${path}/absent?${DRY}`, body: configMap('absent') })
      await send({ method: 'PUT', path: `${path}/one?${DRY}`, body: configMap('one', {}, { resourceVersion: '1' }) })
      await send({ method: 'DELETE', path: `${path}/absent?${DRY}` })
    },
  },
  {
    title: 'a dry run of a deletion marks nothing',
    async run({ namespace, send, prepare }) {
      const path = pathIn(namespace, 'configmaps')
      await prepare({ method: 'POST', path, body: configMap('one', {}, { finalizers: ['x.io/a'] }) })
      await send({ method: 'DELETE', path: `${path}/one?${DRY}` })
      await send({ method: 'GET', path: `${path}/one` })
      await prepare({
        method: 'PATCH',
        path: `${path}/one`,
        body: { metadata: { finalizers: null } },
        contentType: MERGE,
      })
    },
  },
  {
    title: 'subresources know dry runs',
    async run({ namespace, send, prepare }) {
      const path = pathIn(namespace, 'pods')
      await prepare({ method: 'POST', path, body: pod('one', { schedulerName: 'none' }) })
      const status = { status: { message: 'hello' } }
      await send({ method: 'PATCH', path: `${path}/one/status?${DRY}`, body: status, contentType: MERGE })
      const target = { apiVersion: 'v1', kind: 'Node', name: 'absent' }
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'one' }, target }
      await send({ method: 'POST', path: `${path}/one/binding?${DRY}`, body: binding })
      await send({ method: 'GET', path: `${path}/one` })
    },
  },
  {
    title: 'only All is a dry run',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      for (const query of ['dryRun=Some', 'dryRun=All&dryRun=Some', 'dryRun=', 'dryRun=All&dryRun=All'])
        await send({ method: 'POST', path: `${path}?${query}`, body: configMap('one') })
      await send({ method: 'PUT', path: `${path}/one?dryRun=Some`, body: configMap('one') })
      await send({ method: 'PATCH', path: `${path}/one?dryRun=Some`, body: {}, contentType: MERGE })
      await send({ method: 'DELETE', path: `${path}/one?dryRun=Some` })
      await send({ method: 'DELETE', path: `${path}/one`, body: { dryRun: ['Some'] } })
      await send({ method: 'DELETE', path: `${path}?dryRun=Some` })
    },
  },
]
