import { configMap, pathIn, pod } from '../bodies.ts'
import type { ConformanceCase } from '../case.ts'
import { fieldAt } from '../fields.ts'

export const area = 'namespaces and their end'

const MERGE = 'application/merge-patch+json'
const conditionsOf = (body: unknown): unknown => fieldAt(body, 'status')

export const cases: readonly ConformanceCase[] = [
  {
    title: 'a namespace is made, labelled and read',
    async run({ namespace, send }) {
      const path = `/api/v1/namespaces/${namespace}`
      await send({ method: 'GET', path })
      await send({ method: 'PATCH', path, body: { metadata: { labels: { a: 'b' } } }, contentType: MERGE })
      await send({
        method: 'POST',
        path: '/api/v1/namespaces',
        body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      })
      for (const name of ['Upper', 'a.b', 'x'.repeat(64)])
        await send({
          method: 'POST',
          path: '/api/v1/namespaces',
          body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
        })
    },
  },
  {
    title: 'a namespace empties itself and goes',
    async run({ namespace, send, prepare, until }) {
      const path = `/api/v1/namespaces/${namespace}`
      await prepare({ method: 'POST', path: `${path}/configmaps`, body: configMap('one') })
      await prepare({ method: 'POST', path: `${path}/pods`, body: pod('one', { schedulerName: 'none' }) })
      await send({ method: 'DELETE', path })
      await until({ method: 'GET', path }, ({ status }) => status === 404)
      await send({ method: 'GET', path: `${path}/configmaps/one` })
      await send({ method: 'GET', path: `${path}/pods` })
      await send({ method: 'DELETE', path })
    },
  },
  {
    title: 'a finalizer keeps a namespace, which says so and takes nothing new',
    async run({ namespace, send, prepare, until }) {
      const path = `/api/v1/namespaces/${namespace}`
      const held = configMap('held', {}, { finalizers: ['example.com/wait'] })
      await prepare({ method: 'POST', path: `${path}/configmaps`, body: held })
      await prepare({ method: 'DELETE', path })
      await until({ method: 'GET', path, compared: conditionsOf }, ({ body }) =>
        JSON.stringify(body).includes('SomeFinalizersRemain'),
      )
      await send({ method: 'POST', path: `${path}/configmaps`, body: configMap('new') })
      await send({ method: 'PATCH', path: `${path}/configmaps/held`, body: { data: { a: '1' } }, contentType: MERGE })
      await send({
        method: 'PATCH',
        path: `${path}/configmaps/held`,
        body: { metadata: { finalizers: null } },
        contentType: MERGE,
      })
      await until({ method: 'GET', path }, ({ status }) => status === 404)
    },
  },
  {
    title: 'the finalizers of a namespace are changed by their own path only',
    async run({ namespace, send }) {
      const path = `/api/v1/namespaces/${namespace}`
      await send({ method: 'PATCH', path, body: { spec: { finalizers: ['example.com/own'] } }, contentType: MERGE })
      const body = {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace },
        spec: { finalizers: ['kubernetes', 'example.com/own'] },
      }
      await send({ method: 'PUT', path: `${path}/finalize`, body })
      await send({ method: 'PUT', path: `${path}/finalize`, body: { ...body, spec: { finalizers: ['kubernetes'] } } })
    },
  },
  {
    title: 'the namespaces of the cluster stay',
    async run({ send }) {
      for (const name of ['default', 'kube-system', 'kube-public'])
        await send({ method: 'DELETE', path: `/api/v1/namespaces/${name}` })
    },
  },
  {
    title: 'every namespace has its ServiceAccount, again after its deletion',
    async run({ namespace, send, until, prepare }) {
      const path = pathIn(namespace, 'serviceaccounts/default')
      const { body } = await send({ method: 'GET', path })
      await prepare({ method: 'DELETE', path })
      await until(
        { method: 'GET', path },
        (answer) =>
          answer.status === 200 && fieldAt(answer.body, 'metadata', 'uid') !== fieldAt(body, 'metadata', 'uid'),
      )
    },
  },
]
