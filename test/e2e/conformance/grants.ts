// What the users of the can-i table are granted, as `kubectl auth reconcile` takes it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { root } from '../clusters/paths.ts'

const RBAC = 'rbac.authorization.k8s.io'
const APIVERSION = `${RBAC}/v1`
const READ = ['get', 'list', 'watch']

type Rule = Readonly<Record<string, readonly string[]>>
type Subject = Readonly<Record<string, string>>

const user = (name: string): Subject => ({ kind: 'User', apiGroup: RBAC, name })
const group = (name: string): Subject => ({ kind: 'Group', apiGroup: RBAC, name })
const robot = (namespace: string, name: string): Subject => ({ kind: 'ServiceAccount', namespace, name })

function role(name: string, rules: readonly Rule[]): object {
  return { apiVersion: APIVERSION, kind: 'Role', metadata: { name, namespace: 'demo' }, rules }
}

function clusterRole(name: string, rules: readonly Rule[]): object {
  return { apiVersion: APIVERSION, kind: 'ClusterRole', metadata: { name }, rules }
}

/** In namespace `demo`. */
function roleBinding(kind: 'Role' | 'ClusterRole', name: string, subject: Subject): object {
  const metadata = { name: `demo-${name}`, namespace: 'demo' }
  return {
    apiVersion: APIVERSION,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: RBAC, kind, name },
    subjects: [subject],
  }
}

function clusterRoleBinding(name: string, subject: Subject): object {
  const roleRef = { apiGroup: RBAC, kind: 'ClusterRole', name }
  return {
    apiVersion: APIVERSION,
    kind: 'ClusterRoleBinding',
    metadata: { name: `all-${name}` },
    roleRef,
    subjects: [subject],
  }
}

const objects: readonly object[] = [
  role('maps', [{ apiGroups: [''], resources: ['configmaps'], verbs: READ }]),
  roleBinding('Role', 'maps', user('ann')),
  role('one-secret', [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['key'], verbs: READ }]),
  roleBinding('Role', 'one-secret', user('ann')),
  role('logs', [
    { apiGroups: [''], resources: ['pods', 'pods/log'], verbs: READ },
    { apiGroups: [''], resources: ['pods/portforward'], verbs: ['create'] },
  ]),
  roleBinding('Role', 'logs', group('operators')),
  roleBinding('ClusterRole', 'view', group('viewers')),
  roleBinding('ClusterRole', 'edit', robot('demo', 'robot')),
  roleBinding('ClusterRole', 'admin', user('amy')),
  clusterRole('scaler', [{ apiGroups: ['apps'], resources: ['*/scale'], verbs: ['get', 'patch'] }]),
  clusterRoleBinding('scaler', user('sam')),
  clusterRole('metrics', [{ nonResourceURLs: ['/metrics', '/custom/*'], verbs: ['get'] }]),
  clusterRoleBinding('metrics', group('scrapers')),
  clusterRole('impersonator', [
    { apiGroups: [''], resources: ['users'], resourceNames: ['ann'], verbs: ['impersonate'] },
  ]),
  clusterRoleBinding('impersonator', user('ida')),
  clusterRole('nodes', [{ apiGroups: [''], resources: ['nodes'], verbs: READ }]),
  clusterRoleBinding('nodes', user('ned')),
  clusterRoleBinding('cluster-admin', group('admins')),
  role('last', [{ apiGroups: [''], resources: ['events'], verbs: ['get'] }]),
  roleBinding('Role', 'last', user('last')),
  clusterRole('last', [{ apiGroups: [''], resources: ['events'], verbs: ['list'] }]),
  clusterRoleBinding('last', user('last')),
]

/** The gateway's own roles are among them. */
export const GRANTS = [
  readFileSync(join(root, 'k8s', 'gateway', 'rbac.yaml'), 'utf8'),
  ...objects.map((object) => stringify(object)),
].join('\n---\n')

/** What holds only when every grant has been taken in: those of `last` were made last. */
export const SENTINELS: readonly (readonly string[])[] = [
  ['get', 'events', '-n', 'demo', '--as', 'last'],
  ['list', 'events', '-A', '--as', 'last'],
]
