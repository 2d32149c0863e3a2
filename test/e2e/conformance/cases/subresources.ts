import { deployment, pathIn, pod } from '../bodies.ts'
import type { ConformanceCase, ServerUnderTest } from '../case.ts'
import { asRecord, fieldAt } from '../fields.ts'

export const area = 'subresources (status, scale)'

const MERGE = 'application/merge-patch+json'

/** A ReplicaSet that wants nothing, so that no controller touches it. */
const replicaSet = (name: string, spec = {}) => {
  const { spec: whole, ...rest } = deployment(name)
  return { ...rest, kind: 'ReplicaSet', spec: { ...whole, ...spec } }
}

/** A pod that no scheduler takes. */
async function makePod({ namespace, prepare }: ServerUnderTest): Promise<string> {
  const path = pathIn(namespace, 'pods')
  await prepare({ method: 'POST', path, body: pod('one', { schedulerName: 'none' }) })
  return `${path}/one`
}

const spec = (body: unknown): unknown => ({
  spec: fieldAt(body, 'spec', 'replicas'),
  generation: fieldAt(body, 'metadata', 'generation'),
  message: fieldAt(body, 'message'),
})

export const cases: readonly ConformanceCase[] = [
  {
    title: 'the status is written by its own path only',
    async run(server) {
      const path = await makePod(server)
      const status = { phase: 'Running', podIP: '10.244.0.9', message: 'well' }
      await server.send({ method: 'PATCH', path, body: { status }, contentType: MERGE })
      await server.send({ method: 'PATCH', path: `${path}/status`, body: { status }, contentType: MERGE })
      await server.send({ method: 'GET', path: `${path}/status` })
      const { body } = await server.prepare({ method: 'GET', path })
      const changed = { ...asRecord(body), status: { ...status, phase: 'Failed' }, spec: { containers: [] } }
      await server.send({ method: 'PUT', path: `${path}/status`, body: changed })
    },
  },
  {
    title: 'the status changes neither spec nor generation, but labels',
    async run(server) {
      const path = pathIn(server.namespace, 'replicasets', 'apps/v1')
      await server.prepare({ method: 'POST', path, body: replicaSet('one') })
      const body = {
        metadata: { labels: { a: 'b' } },
        spec: { minReadySeconds: 9 },
        status: { fullyLabeledReplicas: 0 },
      }
      await server.send({
        method: 'PATCH',
        path: `${path}/one/status`,
        body,
        contentType: MERGE,
        compared: (after) => [fieldAt(after, 'metadata'), fieldAt(after, 'spec')],
      })
    },
  },
  {
    title: 'a scale is read and written',
    async run(server) {
      const path = pathIn(server.namespace, 'deployments', 'apps/v1')
      await server.prepare({ method: 'POST', path, body: deployment('one', { paused: true }) })
      const scale = `${path}/one/scale`
      const { body } = await server.send({ method: 'GET', path: scale })
      await server.send({
        method: 'PUT',
        path: scale,
        body: { ...asRecord(body), metadata: { name: 'one', namespace: server.namespace }, spec: { replicas: 1 } },
      })
      await server.send({ method: 'GET', path: `${path}/one`, compared: spec })
      await server.send({ method: 'PATCH', path: scale, body: { spec: { replicas: 0 } }, contentType: MERGE })
      await server.send({ method: 'GET', path: `${path}/one`, compared: spec })
    },
  },
  {
    title: 'a scale that cannot be is refused',
    async run(server) {
      const path = pathIn(server.namespace, 'deployments', 'apps/v1')
      await server.prepare({ method: 'POST', path, body: deployment('one') })
      const scale = `${path}/one/scale`
      await server.send({ method: 'PATCH', path: scale, body: { spec: { replicas: -1 } }, contentType: MERGE })
      const stale = { metadata: { resourceVersion: '1' }, spec: { replicas: 0 } }
      await server.send({ method: 'PATCH', path: scale, body: stale, contentType: MERGE })
      await server.send({ method: 'GET', path: `${path}/two/scale` })
      await server.send({
        method: 'PATCH',
        path: `${path}/two/scale`,
        body: { spec: { replicas: 1 } },
        contentType: MERGE,
      })
      await server.send({ method: 'DELETE', path: scale })
      await server.send({ method: 'POST', path: scale, body: {} })
    },
  },
  {
    title: 'a replica set has a scale of its own',
    async run(server) {
      const path = pathIn(server.namespace, 'replicasets', 'apps/v1')
      await server.prepare({ method: 'POST', path, body: replicaSet('one') })
      await server.send({ method: 'GET', path: `${path}/one/scale` })
    },
  },
  {
    title: 'a pod is bound to a node once',
    async run(server) {
      const path = await makePod(server)
      const binding = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'one' },
        target: { kind: 'Node', name: 'node-1' },
      }
      await server.send({ method: 'POST', path: `${path}/binding`, body: binding })
      await server.send({ method: 'POST', path: `${path}/binding`, body: binding })
      await server.send({
        method: 'GET',
        path,
        compared: (body) => [fieldAt(body, 'spec', 'nodeName'), fieldAt(body, 'status', 'conditions')],
      })
    },
  },
]
