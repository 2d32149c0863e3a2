import { configMap, pathIn } from '../bodies.ts'
import type { ConformanceCase, ServerUnderTest } from '../case.ts'
import { fieldAt } from '../fields.ts'
import { binding, grant, isAllowed, RBAC_VERSION, READ_MAPS, userOf } from '../users-and-roles.ts'

export const area = 'what one may do (RBAC)'

/** Asks each path as the case's user. */
async function ask(server: ServerUnderTest, asked: readonly (readonly [string, string])[]): Promise<void> {
  for (const [method, path] of asked) await server.send({ method, path, as: userOf(server) })
}

export const cases: readonly ConformanceCase[] = [
  {
    title: 'who has no role is refused before anything is looked at',
    async run(server) {
      const maps = pathIn(server.namespace, 'configmaps')
      await ask(server, [
        ['GET', maps],
        ['GET', `${maps}?watch=1`],
        ['GET', `${maps}?watch=yes`],
        ['GET', `${maps}?watch=False`],
        ['GET', `${maps}/a?watch=1`],
        ['GET', `${maps}?fieldSelector=metadata.name%3Da`],
        ['GET', `${maps}/a`],
        ['PUT', `${maps}/a`],
        ['PATCH', `${maps}/a`],
        ['DELETE', `${maps}/a`],
        ['DELETE', maps],
        ['GET', '/api/v1/configmaps'],
        ['GET', '/api/v1/nodes/a'],
        ['GET', `/api/v1/namespaces/${server.namespace}`],
        ['GET', '/metrics'],
        ['POST', '/version'],
        ['GET', '/apis/nobody.example/v1/things'],
        ['GET', `${pathIn(server.namespace, 'deployments', 'apps/v1')}/a/scale`],
        ['GET', `${pathIn(server.namespace, 'pods')}/a/log`],
        ['POST', `${pathIn(server.namespace, 'pods')}/a/portforward`],
      ])
      await server.send({ method: 'POST', path: maps, body: '{nonsense', as: userOf(server) })
    },
  },
  {
    title: 'a role allows what it names where it is bound',
    async run(server) {
      const maps = pathIn(server.namespace, 'configmaps')
      await grant(server, [READ_MAPS], { method: 'GET', path: `${maps}/one` })
      await server.prepare({ method: 'POST', path: maps, body: configMap('one', { a: 'b' }) })
      await ask(server, [
        ['GET', `${maps}/one`],
        ['DELETE', `${maps}/one`],
        ['GET', '/api/v1/configmaps'],
        ['GET', pathIn('default', 'configmaps')],
        ['GET', pathIn(server.namespace, 'secrets')],
      ])
    },
  },
  {
    title: 'a role for a name allows that name, and lists that ask for it',
    async run(server) {
      const maps = pathIn(server.namespace, 'configmaps')
      await server.prepare({ method: 'POST', path: maps, body: configMap('one') })
      await grant(server, [{ ...READ_MAPS, resourceNames: ['one'] }], { method: 'GET', path: `${maps}/one` })
      await ask(server, [
        ['GET', `${maps}/two`],
        ['GET', maps],
        ['GET', `${maps}?fieldSelector=metadata.name%3Done`],
        ['GET', `${maps}?fieldSelector=metadata.name%3Dtwo`],
        ['GET', `${maps}?fieldSelector=metadata.name%21%3Dtwo`],
      ])
    },
  },
  {
    title: 'a role for a part of an object is no role for the object',
    async run(server) {
      const deployments = pathIn(server.namespace, 'deployments', 'apps/v1')
      const scale = { apiGroups: ['apps'], resources: ['*/scale'], verbs: ['get'] }
      await grant(server, [scale], { method: 'GET', path: `${deployments}/a/scale` })
      await ask(server, [
        ['GET', `${deployments}/a`],
        ['PATCH', `${deployments}/a/scale`],
        ['GET', `${deployments}/a/status`],
      ])
    },
  },
  {
    title: 'who may patch and not create applies what is there only',
    async run(server) {
      const maps = pathIn(server.namespace, 'configmaps')
      const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'patch'] }
      await server.prepare({ method: 'POST', path: maps, body: configMap('one') })
      await grant(server, [rule], { method: 'GET', path: `${maps}/one` })
      const as = userOf(server)
      const contentType = 'application/apply-patch+yaml'
      for (const name of ['one', 'two']) {
        const body = configMap(name, { a: 'b' })
        await server.send({ method: 'PATCH', path: `${maps}/${name}?fieldManager=eve`, body, contentType, as })
      }
    },
  },
  {
    title: 'the role “view” shows everything but Secrets and roles',
    async run(server) {
      const { namespace, prepare, until, send } = server
      const body = binding('viewers', userOf(server).user, 'view', 'ClusterRole')
      await prepare({ method: 'POST', path: pathIn(namespace, 'rolebindings', RBAC_VERSION), body })
      const as = userOf(server)
      await until({ method: 'GET', path: pathIn(namespace, 'services'), as }, isAllowed)
      await send({
        method: 'GET',
        path: `/api/v1/namespaces/${namespace}`,
        as,
        compared: (one) => fieldAt(one, 'kind'),
      })
      for (const plural of ['secrets', 'pods/a/exec'])
        await send({ method: 'GET', path: pathIn(namespace, plural), as })
      await send({ method: 'GET', path: pathIn(namespace, 'roles', RBAC_VERSION), as })
      await send({ method: 'POST', path: pathIn(namespace, 'configmaps'), body: configMap('one'), as })
    },
  },
  {
    title: 'a refusal names the roles that are bound and that nobody made',
    async run(server) {
      const { namespace, prepare, until } = server
      const path = pathIn(namespace, 'rolebindings', RBAC_VERSION)
      const { user } = userOf(server)
      await prepare({ method: 'POST', path, body: binding('one', user, 'missing') })
      const asked = { method: 'GET', path: pathIn(namespace, 'pods'), as: { user } }
      await until(asked, ({ body }) => String(fieldAt(body, 'message')).includes('not found'))
    },
  },
]
