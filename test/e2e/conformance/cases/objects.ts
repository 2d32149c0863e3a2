import { configMap, deployment, pathIn } from '../bodies.ts'
import type { ConformanceCase } from '../case.ts'
import { fieldAt } from '../fields.ts'

export const area = 'objects: create, read, replace, delete'

const generationOf = (body: unknown): unknown => fieldAt(body, 'metadata', 'generation')

export const cases: readonly ConformanceCase[] = [
  {
    title: 'an object is created, read, replaced and deleted',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      await send({ method: 'POST', path, body: configMap('one', { a: '1' }) })
      await send({ method: 'GET', path: `${path}/one` })
      await send({ method: 'PUT', path: `${path}/one`, body: configMap('one', { b: '2' }) })
      await send({ method: 'DELETE', path: `${path}/one` })
      await send({ method: 'GET', path: `${path}/one` })
      await send({ method: 'DELETE', path: `${path}/one` })
      await send({ method: 'PUT', path: `${path}/one`, body: configMap('one', { b: '2' }) })
    },
  },
  {
    title: 'a name is taken once',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      await send({ method: 'POST', path, body: configMap('one') })
      await send({ method: 'POST', path, body: configMap('one') })
    },
  },
  {
    title: 'the server completes a prefix to a name',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'one-' } }
      await send({ method: 'POST', path, body })
      await send({ method: 'POST', path, body })
      await send({ method: 'POST', path, body: { ...body, metadata: { name: 'two', generateName: 'one-' } } })
      await send({ method: 'POST', path, body: { ...body, metadata: { generateName: 'One-' } } })
    },
  },
  {
    title: 'an object without a name is refused',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      await send({ method: 'POST', path, body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} } })
      await send({ method: 'POST', path, body: { apiVersion: 'v1', kind: 'ConfigMap' } })
      await send({ method: 'POST', path, body: {} })
    },
  },
  {
    title: 'names are checked',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      for (const name of ['Upper', '-dash', 'a_b', 'x'.repeat(254), 'a..b'])
        await send({ method: 'POST', path, body: configMap(name) })
      for (const name of ['1digit', 'a.b', 'x'.repeat(64)])
        await send({ method: 'POST', path: pathIn(namespace, 'services'), body: service(name) })
    },
  },
  {
    title: 'labels, annotations and owners are checked',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      const wrong = [
        { labels: { 'not a key': 'x' } },
        { labels: { key: 'not a value' } },
        { labels: { 'a/b/c': 'x' } },
        { labels: { [`${'p'.repeat(254)}/a`]: 'x' } },
        { labels: { key: 'v'.repeat(64) } },
        { annotations: { 'not a key': 'x' } },
        { annotations: { key: 'x'.repeat(262_145) } },
        { finalizers: ['nothing'] },
        { finalizers: ['not a name/x'] },
        { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'one' }] },
        { ownerReferences: [{ apiVersion: '', kind: '', name: '', uid: '' }] },
        {
          ownerReferences: ['a', 'b'].map((name) => ({
            apiVersion: 'v1',
            kind: 'Pod',
            name,
            uid: name,
            controller: true,
          })),
        },
      ]
      for (const metadata of wrong) await send({ method: 'POST', path, body: configMap('one', {}, metadata) })
    },
  },
  {
    title: 'a body names the object of its path',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      await send({ method: 'POST', path, body: configMap('one') })
      await send({ method: 'PUT', path: `${path}/one`, body: configMap('two') })
      await send({ method: 'PUT', path: `${path}/one`, body: configMap('one', {}, { namespace: 'default' }) })
      await send({ method: 'PUT', path: `${path}/one`, body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} } })
      await send({ method: 'POST', path, body: configMap('three', {}, { namespace: 'default' }) })
      await send({ method: 'POST', path, body: { ...configMap('one'), kind: undefined } })
    },
  },
  {
    title: 'a body of another kind is refused',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      await send({ method: 'POST', path, body: { ...configMap('one'), kind: 'Secret' } })
      await send({ method: 'POST', path, body: { ...configMap('one'), apiVersion: 'v2' } })
    },
    differs: 'the sentence of Kubernetes goes on with types of its source; status and reason are the same',
  },
  {
    title: 'a new object keeps nothing that only the server writes',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'deployments', 'apps/v1')
      const metadata = {
        uid: '00000000-0000-0000-0000-000000000000',
        creationTimestamp: '2001-01-01T00:00:00Z',
        deletionTimestamp: '2001-01-01T00:00:00Z',
        deletionGracePeriodSeconds: 5,
        generation: 7,
        selfLink: '/somewhere',
      }
      await send({ method: 'POST', path, body: { ...deployment('one', {}, metadata), status: { replicas: 3 } } })
      await send({ method: 'POST', path, body: deployment('two', {}, { resourceVersion: '1' }) })
    },
  },
  {
    title: 'a stale version is refused',
    async run({ namespace, send, prepare }) {
      const path = pathIn(namespace, 'configmaps')
      await prepare({ method: 'POST', path, body: configMap('one') })
      await send({ method: 'PUT', path: `${path}/one`, body: configMap('one', { a: '1' }, { resourceVersion: '1' }) })
      await send({ method: 'PUT', path: `${path}/one`, body: configMap('one', { a: '1' }, { resourceVersion: '0' }) })
      await send({ method: 'PUT', path: `${path}/one`, body: configMap('one', { a: '1' }, { resourceVersion: 'x' }) })
      await send({ method: 'PUT', path: `${path}/one`, body: configMap('one', { a: '2' }, { uid: 'another' }) })
      const patch = { metadata: { resourceVersion: '1' }, data: { a: '3' } }
      const contentType = 'application/merge-patch+json'
      await send({ method: 'PATCH', path: `${path}/one`, body: patch, contentType })
    },
  },
  {
    title: 'a deletion may name the object it means',
    async run({ namespace, send, prepare }) {
      const path = pathIn(namespace, 'configmaps')
      await prepare({ method: 'POST', path, body: configMap('one') })
      const body = { kind: 'DeleteOptions', apiVersion: 'v1' }
      const uid = '00000000-0000-0000-0000-000000000000'
      await send({ method: 'DELETE', path: `${path}/one`, body: { ...body, preconditions: { uid } } })
      await send({ method: 'DELETE', path: `${path}/one`, body: { ...body, preconditions: { resourceVersion: '1' } } })
      await send({ method: 'DELETE', path: `${path}/one`, body: { ...body, propagationPolicy: 'Sometimes' } })
      await send({ method: 'DELETE', path: `${path}/one?propagationPolicy=Sometimes` })
      await send({
        method: 'DELETE',
        path: `${path}/one`,
        body: { ...body, propagationPolicy: 'Orphan', orphanDependents: true },
      })
      await send({ method: 'DELETE', path: `${path}/one`, body: { ...body, gracePeriodSeconds: -1 } })
      await send({ method: 'DELETE', path: `${path}/one?gracePeriodSeconds=none` })
      await send({ method: 'GET', path: `${path}/one` })
      await send({ method: 'DELETE', path: `${path}/one`, body })
    },
  },
  {
    title: 'a change of what a user wishes for is counted',
    async run({ namespace, send, prepare }) {
      const path = pathIn(namespace, 'deployments', 'apps/v1')
      await prepare({ method: 'POST', path, body: deployment('one', { paused: true }) })
      await send({
        method: 'PUT',
        path: `${path}/one`,
        body: deployment('one', { paused: true }, { labels: { a: 'b' } }),
        compared: generationOf,
      })
      await send({
        method: 'PUT',
        path: `${path}/one`,
        body: deployment('one', { paused: true, minReadySeconds: 1 }),
        compared: generationOf,
      })
    },
  },
  {
    title: 'an unchanged object keeps its version',
    async run({ namespace, send, prepare }) {
      const path = pathIn(namespace, 'configmaps')
      const { body } = await prepare({ method: 'POST', path, body: configMap('one', { a: '1' }) })
      await send({ method: 'PUT', path: `${path}/one`, body })
      const isSame = (after: unknown) => JSON.stringify(after) === JSON.stringify(body)
      await send({ method: 'PUT', path: `${path}/one`, body, compared: isSame })
    },
  },
  {
    title: 'an object needs a namespace that is there',
    async run({ send }) {
      await send({ method: 'POST', path: pathIn('nowhere', 'configmaps'), body: configMap('one') })
      await send({ method: 'GET', path: pathIn('nowhere', 'configmaps/one') })
      await send({ method: 'GET', path: pathIn('nowhere', 'configmaps') })
      await send({ method: 'POST', path: '/api/v1/configmaps', body: configMap('one') })
    },
  },
  {
    title: 'the server says which methods a path takes',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'configmaps')
      await send({ method: 'PUT', path, body: configMap('one') })
      await send({ method: 'PATCH', path, body: {}, contentType: 'application/merge-patch+json' })
      await send({ method: 'POST', path: `${path}/one`, body: configMap('one') })
      await send({ method: 'DELETE', path: '/api/v1/configmaps' })
      await send({ method: 'DELETE', path: '/api/v1/namespaces' })
      await send({ method: 'GET', path: '/apis/authentication.k8s.io/v1/tokenreviews' })
    },
  },
  {
    title: 'a path that leads nowhere is said to',
    async run({ namespace, send }) {
      for (const path of [
        pathIn(namespace, 'nothings'),
        pathIn(namespace, 'deployments'),
        '/apis/nothing.example/v1/things',
        '/apis/nothing.example',
        '/apis/apps/v9',
        '/apis/apps/v9/deployments',
        '/api/v2',
        '/nothing',
        pathIn(namespace, 'configmaps/one/status'),
        '/api/v1/nodes/one/nothing',
        '/apis/apps/v1/deployments/one',
        `/api/v1/namespaces/${namespace}/nodes`,
      ])
        await send({ method: 'GET', path })
    },
  },
]

function service(name: string) {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }] } }
}
