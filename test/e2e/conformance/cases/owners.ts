import { configMap, pathIn } from '../bodies.ts'
import type { Answer, ConformanceCase, Request, ServerUnderTest } from '../case.ts'
import { fieldAt, namesOf, uidOf } from '../fields.ts'

export const area = 'owners (background, foreground, orphan)'

const gone = ({ status }: Answer): boolean => status === 404

/** An owner with two dependents; the second is a blocking one. */
async function makeFamily({ namespace, prepare }: ServerUnderTest): Promise<{ path: string; uid: string }> {
  const path = pathIn(namespace, 'configmaps')
  const { body } = await prepare({ method: 'POST', path, body: configMap('owner') })
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: uidOf(body) }
  const labels = { suite: 'x' }
  await prepare({ method: 'POST', path, body: configMap('child', {}, { labels, ownerReferences: [owner] }) })
  const blocking = { ...owner, blockOwnerDeletion: true, controller: true }
  await prepare({ method: 'POST', path, body: configMap('heir', {}, { labels, ownerReferences: [blocking] }) })
  return { path, uid: owner.uid }
}

const policy = (path: string, propagationPolicy: string): Request => ({
  method: 'DELETE',
  path,
  body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy },
})

const left = (path: string): Request => ({ method: 'GET', path: `${path}?labelSelector=suite%3Dx`, compared: namesOf })
const isEmpty = ({ body }: Answer): boolean => JSON.stringify(namesOf(body)) === '[]'
const ownersOf = (body: unknown): unknown => fieldAt(body, 'metadata', 'ownerReferences') ?? []

export const cases: readonly ConformanceCase[] = [
  {
    title: 'dependents follow their owner in the background',
    async run(server) {
      const { path } = await makeFamily(server)
      await server.send(policy(`${path}/owner`, 'Background'))
      await server.send({ method: 'GET', path: `${path}/owner` })
      await server.until(left(path), isEmpty)
    },
  },
  {
    title: 'without a policy dependents follow in the background, too',
    async run(server) {
      const { path } = await makeFamily(server)
      await server.send({ method: 'DELETE', path: `${path}/owner` })
      await server.until(left(path), isEmpty)
    },
  },
  {
    title: 'an owner deleted in the foreground goes after its dependents',
    async run(server) {
      const { path } = await makeFamily(server)
      const held = { metadata: { finalizers: ['example.com/wait'] } }
      const contentType = 'application/merge-patch+json'
      await server.prepare({ method: 'PATCH', path: `${path}/heir`, body: held, contentType })
      await server.send(policy(`${path}/owner`, 'Foreground'))
      await server.until(
        { method: 'GET', path: `${path}/heir` },
        ({ body }) => fieldAt(body, 'metadata', 'deletionTimestamp') !== undefined,
      )
      await server.until({ method: 'GET', path: `${path}/child` }, gone)
      await server.send({ method: 'GET', path: `${path}/owner` })
      await server.send({
        method: 'PATCH',
        path: `${path}/heir`,
        body: { metadata: { finalizers: null } },
        contentType,
      })
      await server.until({ method: 'GET', path: `${path}/owner` }, gone)
      await server.send(left(path))
    },
  },
  {
    title: 'dependents of an owner that orphans them stay, without it',
    async run(server) {
      const { path } = await makeFamily(server)
      await server.send(policy(`${path}/owner`, 'Orphan'))
      await server.until({ method: 'GET', path: `${path}/owner` }, gone)
      await server.send({ method: 'GET', path: `${path}?labelSelector=suite%3Dx` })
    },
  },
  {
    title: 'an object with another owner stays and loses the one that is gone',
    async run(server) {
      const { path, uid } = await makeFamily(server)
      const { body } = await server.prepare({ method: 'POST', path, body: configMap('other') })
      const owners = [
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid },
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: uidOf(body) },
      ]
      await server.prepare({ method: 'POST', path, body: configMap('both', {}, { ownerReferences: owners }) })
      await server.prepare({ method: 'DELETE', path: `${path}/owner` })
      await server.until(
        { method: 'GET', path: `${path}/both`, compared: ownersOf },
        (answer) => !JSON.stringify(ownersOf(answer.body)).includes(uid),
      )
    },
  },
  {
    title: 'an object whose owner never was goes',
    async run({ namespace, prepare, until }) {
      const path = pathIn(namespace, 'configmaps')
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid: '00000000-0000-0000-0000-000000000001' }
      await prepare({ method: 'POST', path, body: configMap('lonely', {}, { ownerReferences: [owner] }) })
      await until({ method: 'GET', path: `${path}/lonely` }, gone)
    },
  },
  {
    title: 'a deployment takes its replica sets along, or leaves them',
    async run(server) {
      const { namespace, prepare, until, send } = server
      for (const name of ['taken', 'left']) {
        const path = pathIn(namespace, 'deployments', 'apps/v1')
        const labels = { app: name }
        const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example/app:1' }] } }
        const body = {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name },
          spec: { replicas: 0, selector: { matchLabels: labels }, template },
        }
        await prepare({ method: 'POST', path, body })
        const sets: Request = {
          method: 'GET',
          path: `${pathIn(namespace, 'replicasets', 'apps/v1')}?labelSelector=app%3D${name}`,
          compared: (list) => fieldAt(list, 'items', '0', 'metadata', 'ownerReferences') ?? [],
        }
        await until(sets, (answer) => !isEmpty(answer))
        const deletion = policy(`${path}/${name}`, name === 'taken' ? 'Foreground' : 'Orphan')
        await send({ ...deletion, compared: (gone) => fieldAt(gone, 'metadata', 'finalizers') })
        await until({ method: 'GET', path: `${path}/${name}` }, gone)
        await send(sets)
      }
    },
  },
]
