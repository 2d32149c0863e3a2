import { pathIn } from '../bodies.ts'
import type { ConformanceCase, ServerUnderTest } from '../case.ts'
import { fieldAt } from '../fields.ts'
import { binding, grant, isAllowed, RBAC, RBAC_VERSION, READ_MAPS, role, userOf } from '../users-and-roles.ts'
import type { Rule } from '../users-and-roles.ts'

export const area = 'roles and what may be granted'

const CLUSTER = `/apis/${RBAC_VERSION}`
const MERGE = 'application/merge-patch+json'

export const cases: readonly ConformanceCase[] = [
  {
    title: 'nobody grants what he has not got',
    async run(server) {
      const roles = pathIn(server.namespace, 'roles', RBAC_VERSION)
      const bindings = pathIn(server.namespace, 'rolebindings', RBAC_VERSION)
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
      const applied = { apiVersion: RBAC_VERSION, kind: 'Role', ...role('applied', [wanted['everything'] ?? held]) }
      const apply = { method: 'PATCH', contentType: 'application/apply-patch+yaml', body: applied, as }
      await server.send({ ...apply, path: `${roles}/applied?fieldManager=eve` })
      await server.send({ method: 'POST', path: bindings, body: binding('held', 'bob', 'held'), as })
      await server.send({ method: 'POST', path: bindings, body: binding('edit', 'bob', 'edit', 'ClusterRole'), as })
      await server.send({ method: 'POST', path: bindings, body: binding('none', 'bob', 'none'), as })
    },
  },
  {
    title: 'the verbs escalate and bind allow it all the same',
    async run(server) {
      const roles = pathIn(server.namespace, 'roles', RBAC_VERSION)
      const bindings = pathIn(server.namespace, 'rolebindings', RBAC_VERSION)
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
    title: 'only who may do everything writes a role that gathers, be it its labels',
    async run(server) {
      const { namespace, prepare, send, until } = server
      const roles = `${CLUSTER}/clusterroles`
      const own = `${namespace}-own`
      const as = userOf(server)
      const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { [`example.com/${namespace}`]: 'true' } }] }
      await prepare({ method: 'POST', path: roles, body: { metadata: { name: `${namespace}-all` }, aggregationRule } })
      const write = { apiGroups: [RBAC], resources: ['clusterroles'], verbs: ['create', 'get', 'patch'] }
      await prepare({ method: 'POST', path: roles, body: role(own, [write]) })
      const path = `${CLUSTER}/clusterrolebindings`
      await prepare({ method: 'POST', path, body: binding(own, as.user, own, 'ClusterRole') })
      await until({ method: 'GET', path: `${roles}/${own}`, as }, isAllowed)
      const labels = { metadata: { labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } } }
      await send({ method: 'PATCH', path: `${roles}/${namespace}-all`, body: labels, contentType: MERGE, as })
      const mine = { metadata: { name: `${namespace}-mine` }, aggregationRule }
      await send({ method: 'POST', path: roles, body: mine, as })
    },
  },
  {
    title: 'a binding stays with its role',
    async run({ namespace, send, prepare }) {
      const path = pathIn(namespace, 'rolebindings', RBAC_VERSION)
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
