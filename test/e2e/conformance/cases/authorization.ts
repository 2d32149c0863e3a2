import { configMap, pathIn } from '../bodies.ts'
import type { ConformanceCase, Request, ServerUnderTest } from '../case.ts'
import { fieldAt } from '../fields.ts'

export const area = 'what one may do (RBAC)'

const RBAC = 'rbac.authorization.k8s.io'
const VERSION = `${RBAC}/v1`
const CLUSTER = `/apis/${VERSION}`
const MERGE = 'application/merge-patch+json'

type Rule = Readonly<Record<string, readonly string[]>>

const READ_MAPS: Rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }

/** A user of the case's own: grants to others cannot reach it. */
function userOf({ namespace }: ServerUnderTest): { readonly user: string } {
  return { user: `eve-${namespace}` }
}

function role(name: string, rules: readonly Rule[]): object {
  return { metadata: { name }, rules }
}

function binding(name: string, user: string, roleName: string, kind = 'Role'): object {
  const subjects = [{ kind: 'User', apiGroup: RBAC, name: user }]
  return { metadata: { name }, roleRef: { apiGroup: RBAC, kind, name: roleName }, subjects }
}

const isAllowed = ({ status }: { readonly status: number }): boolean => status !== 403

/** Gives the case's user rules in its namespace. Resolves when they hold: they are cached for a moment. */
async function grant(server: ServerUnderTest, rules: readonly Rule[], known: Request): Promise<void> {
  const { namespace, prepare, until } = server
  await prepare({ method: 'POST', path: pathIn(namespace, 'roles', VERSION), body: role('own', rules) })
  const body = binding('own', userOf(server).user, 'own')
  await prepare({ method: 'POST', path: pathIn(namespace, 'rolebindings', VERSION), body })
  await until({ ...known, as: userOf(server) }, isAllowed)
}

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
    title: 'the role “view” shows everything but Secrets and roles',
    async run(server) {
      const { namespace, prepare, until, send } = server
      const body = binding('viewers', userOf(server).user, 'view', 'ClusterRole')
      await prepare({ method: 'POST', path: pathIn(namespace, 'rolebindings', VERSION), body })
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
      await send({ method: 'GET', path: pathIn(namespace, 'roles', VERSION), as })
      await send({ method: 'POST', path: pathIn(namespace, 'configmaps'), body: configMap('one'), as })
    },
  },
  {
    title: 'a refusal names the roles that are bound and that nobody made',
    async run(server) {
      const { namespace, prepare, until } = server
      const path = pathIn(namespace, 'rolebindings', VERSION)
      const { user } = userOf(server)
      await prepare({ method: 'POST', path, body: binding('one', user, 'missing') })
      const asked = { method: 'GET', path: pathIn(namespace, 'pods'), as: { user } }
      await until(asked, ({ body }) => String(fieldAt(body, 'message')).includes('not found'))
    },
  },
  {
    title: 'nobody grants what he has not got',
    async run(server) {
      const roles = pathIn(server.namespace, 'roles', VERSION)
      const bindings = pathIn(server.namespace, 'rolebindings', VERSION)
      const write = { apiGroups: [RBAC], resources: ['roles', 'rolebindings'], verbs: ['create', 'get', 'patch'] }
      const held = { apiGroups: ['apps'], resources: ['deployments', 'replicasets'], verbs: ['get', 'list'] }
      await grant(server, [write, held, { ...READ_MAPS, resourceNames: ['a'] }], {
        method: 'GET',
        path: `${roles}/none`,
      })
      const as = userOf(server)
      const wanted: Record<string, Rule> = {
        held: { ...held, verbs: ['get'] },
        more: { ...held, resources: ['deployments', 'statefulsets'], verbs: ['get', 'delete'] },
        names: { ...READ_MAPS, resourceNames: ['a', 'b'], verbs: ['get'] },
        every: { ...READ_MAPS, verbs: ['get'] },
        everything: { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      }
      for (const [name, rule] of Object.entries(wanted))
        await server.send({ method: 'POST', path: roles, body: role(name, [rule]), as })
      const labelled = { metadata: { labels: { a: 'b' } } }
      await server.send({ method: 'PATCH', path: `${roles}/held`, body: labelled, contentType: MERGE, as })
      const more = { rules: [wanted['everything']] }
      await server.send({ method: 'PATCH', path: `${roles}/held`, body: more, contentType: MERGE, as })
      await server.send({ method: 'POST', path: bindings, body: binding('held', 'bob', 'held'), as })
      await server.send({ method: 'POST', path: bindings, body: binding('edit', 'bob', 'edit', 'ClusterRole'), as })
      await server.send({ method: 'POST', path: bindings, body: binding('none', 'bob', 'none'), as })
    },
  },
  {
    title: 'the verbs escalate and bind allow it all the same',
    async run(server) {
      const roles = pathIn(server.namespace, 'roles', VERSION)
      const bindings = pathIn(server.namespace, 'rolebindings', VERSION)
      const rules = [
        { apiGroups: [RBAC], resources: ['roles', 'rolebindings'], verbs: ['create', 'escalate', 'get'] },
        { apiGroups: [RBAC], resources: ['clusterroles'], resourceNames: ['view'], verbs: ['bind'] },
      ]
      await grant(server, rules, { method: 'GET', path: `${roles}/none` })
      const as = userOf(server)
      await server.send({ method: 'POST', path: roles, body: role('all', [READ_MAPS]), as })
      await server.send({ method: 'POST', path: bindings, body: binding('view', 'bob', 'view', 'ClusterRole'), as })
      await server.send({ method: 'POST', path: bindings, body: binding('own', 'bob', 'none'), as })
    },
  },
  {
    title: 'a ClusterRole gathers the rules of those that it selects',
    async run({ namespace, send, prepare, until }) {
      const roles = `${CLUSTER}/clusterroles`
      const labels = { [`example.com/${namespace}`]: 'true' }
      const aggregationRule = { clusterRoleSelectors: [{ matchLabels: labels }] }
      await send({ method: 'POST', path: roles, body: { metadata: { name: `${namespace}-all` }, aggregationRule } })
      const metadata = { name: `${namespace}-maps`, labels }
      await prepare({ method: 'POST', path: roles, body: { metadata, rules: [READ_MAPS] } })
      const all = { method: 'GET', path: `${roles}/${namespace}-all` }
      await until(all, ({ body }) => fieldAt(body, 'rules') !== null)
      await prepare({ method: 'DELETE', path: `${roles}/${namespace}-maps` })
      await until(all, ({ body }) => fieldAt(body, 'rules') === null)
    },
  },
  {
    title: 'a binding stays with its role',
    async run({ namespace, send, prepare }) {
      const path = pathIn(namespace, 'rolebindings', VERSION)
      await prepare({ method: 'POST', path, body: binding('one', 'bob', 'first') })
      const roleRef = { apiGroup: RBAC, kind: 'Role', name: 'second' }
      await send({ method: 'PATCH', path: `${path}/one`, body: { roleRef }, contentType: MERGE })
    },
  },
  ...[
    'cluster-admin',
    'admin',
    'edit',
    'view',
    'system:auth-delegator',
    'system:basic-user',
    'system:discovery',
    'system:monitoring',
    'system:public-info-viewer',
    'system:service-account-issuer-discovery',
  ].map((name) => ({
    title: `the ClusterRole “${name}” and whom it is bound to`,
    async run({ until, send }: ServerUnderTest) {
      const request = { method: 'GET', path: `${CLUSTER}/clusterroles/${name}` }
      await until(request, ({ body }) => Array.isArray(fieldAt(body, 'rules')))
      await send({ method: 'GET', path: `${CLUSTER}/clusterrolebindings/${name}` })
    },
  })),
]
