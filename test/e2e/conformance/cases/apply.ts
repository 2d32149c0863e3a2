import { configMap, deployment, pathIn, secret } from '../bodies.ts'
import type { ConformanceCase, Request, ServerUnderTest } from '../case.ts'
import { fieldAt, listAt } from '../fields.ts'

export const area = 'server-side apply and managed fields'

type Body = Readonly<Record<string, unknown>>

function apply(path: string, body: unknown, query = 'fieldManager=one'): Request {
  return { method: 'PATCH', path: `${path}?${query}`, body, contentType: 'application/apply-patch+yaml' }
}

function mergePatch(path: string, body: unknown, query = 'fieldManager=patcher'): Request {
  return { method: 'PATCH', path: `${path}?${query}`, body, contentType: 'application/merge-patch+json' }
}

function service(name: string, ports: readonly Body[], spec: Body = {}): Body {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: { app: 'x' }, ports, ...spec } }
}

function paths({ namespace }: ServerUnderTest): { maps: string; services: string } {
  return { maps: pathIn(namespace, 'configmaps'), services: pathIn(namespace, 'services') }
}

/** Objects of the kinds that our manifests have, each with what is special about how it is owned. */
const OBJECTS: readonly { readonly plural: string; readonly groupVersion?: string; readonly body: Body }[] = [
  { plural: 'configmaps', body: { ...configMap('one', { a: '1' }), binaryData: { b: 'Yg==' } } },
  { plural: 'secrets', body: { ...secret('one', { a: 'YQ==' }), stringData: { b: 'c' } } },
  { plural: 'services', body: service('one', [{ port: 80, name: 'http' }]) },
  {
    plural: 'serviceaccounts',
    body: {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'one' },
      imagePullSecrets: [{ name: 'a' }],
      secrets: [{ name: 'b' }],
    },
  },
  {
    plural: 'persistentvolumeclaims',
    body: {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'one', labels: { a: 'b' } },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  },
  { plural: 'deployments', groupVersion: 'apps/v1', body: deployment('one', { strategy: { type: 'Recreate' } }) },
  {
    plural: 'roles',
    groupVersion: 'rbac.authorization.k8s.io/v1',
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'one' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    },
  },
  {
    plural: 'rolebindings',
    groupVersion: 'rbac.authorization.k8s.io/v1',
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'one' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'one' },
      subjects: [{ kind: 'ServiceAccount', name: 'one', namespace: 'default' }],
    },
  },
  {
    plural: 'networkpolicies',
    groupVersion: 'networking.k8s.io/v1',
    body: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'one' },
      spec: { podSelector: { matchLabels: { a: 'b' } }, policyTypes: ['Ingress'], ingress: [{}] },
    },
  },
  {
    plural: 'ingresses',
    groupVersion: 'networking.k8s.io/v1',
    body: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'one', annotations: { a: 'b' } },
      spec: { defaultBackend: { service: { name: 'a', port: { number: 80 } } }, rules: [{ host: 'a.example.com' }] },
    },
  },
  {
    plural: 'poddisruptionbudgets',
    groupVersion: 'policy/v1',
    body: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'one' },
      spec: { minAvailable: 1, selector: { matchLabels: { a: 'b' } } },
    },
  },
  {
    plural: 'horizontalpodautoscalers',
    groupVersion: 'autoscaling/v2',
    body: {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'one' },
      spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'one' } },
    },
  },
]

const text = { type: 'string' }

/** Widgets with each kind of list and map, in a group of the case's own. Answers where they are. */
async function makeDefinition({ namespace, prepare, until }: ServerUnderTest): Promise<string> {
  const group = `${namespace}.example.com`
  const by = { type: 'object', required: ['name'], properties: { name: text, size: { type: 'integer', default: 7 } } }
  const properties = {
    by: { type: 'array', items: by, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
    set: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    list: { type: 'array', items: text },
    map: { type: 'object', additionalProperties: text },
    atom: { type: 'object', additionalProperties: text, 'x-kubernetes-map-type': 'atomic' },
    any: { 'x-kubernetes-preserve-unknown-fields': true },
  }
  const status = { type: 'object', properties: { ready: { type: 'boolean' } } }
  const openAPIV3Schema = { type: 'object', properties: { spec: { type: 'object', properties }, status } }
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, subresources: { status: {} } }
  const body = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: { group, scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' }, versions: [version] },
  }
  const path = pathIn(namespace, 'widgets', `${group}/v1`)
  await prepare({ method: 'POST', path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', body })
  await until({ method: 'GET', path, compared: () => 'served' }, ({ status: code }) => code === 200)
  return path
}

const managersOf = (body: unknown): unknown[] => listAt(body, 'metadata', 'managedFields')

const managedFields = true

export const cases: readonly ConformanceCase[] = [
  {
    title: 'whoever creates an object owns what it wrote and what is filled in for it',
    managedFields,
    async run({ namespace, send }) {
      for (const { plural, groupVersion, body } of OBJECTS)
        await send({
          method: 'POST',
          path: `${pathIn(namespace, plural, groupVersion)}?dryRun=All`,
          body,
          compared: managersOf,
        })
    },
  },
  {
    title: 'whoever applies owns what its configuration says',
    managedFields,
    async run({ namespace, send }) {
      for (const { plural, groupVersion, body } of OBJECTS)
        await send({
          ...apply(`${pathIn(namespace, plural, groupVersion)}/one`, body, 'fieldManager=one&dryRun=All'),
          compared: managersOf,
        })
    },
  },
  {
    title: 'a manager is named by fieldManager, else by the program',
    managedFields,
    async run(server) {
      const { maps } = paths(server)
      const headers = { 'user-agent': 'helm/3.18 (linux)' }
      await server.send({ method: 'POST', path: maps, body: configMap('one', { a: '1' }), headers })
      await server.send({ ...mergePatch(`${maps}/one`, { data: { b: '1' } }, ''), headers: { 'user-agent': 'a b/1' } })
      await server.send(mergePatch(`${maps}/one`, { data: { c: '1' } }))
      await server.send({ method: 'PUT', path: `${maps}/one`, body: configMap('one', { a: '2', c: '1' }), headers })
    },
  },
  {
    title: 'a configuration creates, changes, and takes back what it says no more',
    managedFields,
    async run(server) {
      const { services } = paths(server)
      const path = `${services}/one`
      const both = [
        { port: 80, name: 'http' },
        { port: 443, name: 'https' },
      ]
      await server.send(apply(path, service('one', both)))
      await server.send(apply(path, service('one', both)))
      await server.send(apply(path, service('one', both, { sessionAffinity: 'ClientIP' })))
      await server.send(apply(path, service('one', both.slice(1))))
      await server.send(apply(path, { ...service('one', both.slice(1)), spec: { ports: both.slice(1) } }))
    },
  },
  {
    title: 'two managers share a value, and it stays until both have dropped it',
    managedFields,
    async run(server) {
      const path = `${paths(server).maps}/one`
      await server.send(apply(path, configMap('one', { a: '1', b: '1' })))
      await server.send(apply(path, configMap('one', { a: '1', c: '1' }), 'fieldManager=two'))
      await server.send(apply(path, configMap('one', { b: '1' })))
      await server.send(apply(path, configMap('one', { c: '1' }), 'fieldManager=two'))
      await server.send(apply(path, configMap('one')))
    },
  },
  {
    title: 'what another manager owns is a conflict, and force takes it',
    managedFields,
    async run(server) {
      const { maps, services } = paths(server)
      await server.send({
        method: 'POST',
        path: `${maps}?fieldManager=maker`,
        body: configMap('one', { a: '1', b: '1' }),
      })
      await server.send(apply(`${maps}/one`, configMap('one', { a: '2' })))
      await server.send(apply(`${maps}/one`, configMap('one', { a: '2', b: '2' })))
      await server.send(apply(`${maps}/one`, configMap('one', { a: '2' }), 'fieldManager=one&force=true'))
      await server.send(apply(`${maps}/one`, configMap('one', { a: '3' }), 'fieldManager=two'))
      await server.send(apply(`${services}/one`, service('one', [{ port: 80, name: 'a' }])))
      await server.send(apply(`${services}/one`, service('one', [{ port: 80, name: 'b' }]), 'fieldManager=two'))
    },
  },
  {
    title: 'an update takes fields from their managers without asking',
    managedFields,
    async run(server) {
      const { maps } = paths(server)
      await server.send(apply(`${maps}/one`, configMap('one', { a: '1', b: '1' })))
      await server.send(mergePatch(`${maps}/one`, { data: { a: '2' } }))
      await server.send(mergePatch(`${maps}/one`, { data: { a: null, b: null } }))
    },
  },
  {
    title: 'lists of scalars are owned value by value, and atomic ones as a whole',
    managedFields,
    async run(server) {
      const { maps } = paths(server)
      const finalizers = (...names: string[]): Body =>
        configMap('one', {}, { finalizers: names.map((one) => `x.io/${one}`) })
      await server.send(apply(`${maps}/one`, finalizers('a', 'b')))
      await server.send(apply(`${maps}/one`, finalizers('c', 'b'), 'fieldManager=two'))
      await server.send(apply(`${maps}/one`, finalizers('b')))
      await server.send(mergePatch(`${maps}/one`, { metadata: { finalizers: null } }))
      const group = 'rbac.authorization.k8s.io/v1'
      const role = (...verbs: string[]): Body => ({
        apiVersion: group,
        kind: 'Role',
        metadata: { name: 'one' },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs }],
      })
      const path = `${pathIn(server.namespace, 'roles', group)}/one`
      await server.send(apply(path, role('get')))
      await server.send(apply(path, role('list'), 'fieldManager=two'))
    },
  },
  {
    title: 'a list keeps the order of the configuration and what others put between',
    managedFields,
    async run(server) {
      const { services } = paths(server)
      const ports = (...numbers: number[]): Body =>
        service(
          'one',
          numbers.map((port) => ({ port, name: `p${port}` })),
        )
      await server.send(apply(`${services}/one`, ports(1, 2, 3, 4)))
      for (const order of [[9, 2, 8], [4, 1], [9, 3, 1, 4, 8], [2]])
        await server.send(apply(`${services}/one`, ports(...order), 'fieldManager=two&dryRun=All'))
    },
  },
  {
    title: 'kubectl takes over what its client-side apply left',
    managedFields,
    async run(server) {
      const path = paths(server).maps
      const last = JSON.stringify(configMap('one', { a: '1' }))
      const body = configMap(
        'one',
        { a: '1', b: '1' },
        {
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': last },
        },
      )
      await server.send({ method: 'POST', path: `${path}?fieldManager=kubectl-client-side-apply`, body })
      await server.send(apply(`${path}/one`, configMap('one', { a: '2' }), 'fieldManager=other'))
      await server.send(apply(`${path}/one`, configMap('one', { a: '2', b: '2' }), 'fieldManager=kubectl'))
      await server.send(apply(`${path}/one`, configMap('one', { a: '2' }), 'fieldManager=kubectl'))
    },
  },
  {
    title: 'managers can be written and cleared, and the next apply starts anew',
    managedFields,
    async run(server) {
      const { maps } = paths(server)
      await server.send(apply(`${maps}/one`, configMap('one', { a: '1' })))
      const entry = { manager: 'x', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1' }
      const written = [{ ...entry, fieldsV1: { 'f:data': { 'f:a': {} } } }]
      await server.send(mergePatch(`${maps}/one`, { metadata: { managedFields: written } }))
      await server.send(mergePatch(`${maps}/one`, { metadata: { managedFields: [{ ...entry, operation: 'No' }] } }))
      await server.send(mergePatch(`${maps}/one`, { metadata: { managedFields: [{}] } }))
      await server.send(mergePatch(`${maps}/one`, { data: { b: '1' } }))
      await server.send(apply(`${maps}/one`, configMap('one', { a: '2' })))
      await server.send(apply(`${maps}/one`, configMap('one', { c: '1' })))
    },
  },
  {
    title: 'more than ten updaters are put together, the oldest first',
    managedFields,
    async run(server) {
      const { maps } = paths(server)
      await server.prepare({ method: 'POST', path: `${maps}?fieldManager=m00`, body: configMap('one', { a: '1' }) })
      for (let index = 1; index <= 12; index++) {
        const name = `m${String(index).padStart(2, '0')}`
        await server.send(mergePatch(`${maps}/one`, { data: { [name]: '1' } }, `fieldManager=${name}`))
      }
    },
  },
  {
    title: 'a custom resource is owned by the schema of its definition',
    managedFields,
    async run(server) {
      const path = `${await makeDefinition(server)}/one`
      const widget = (spec: Body, more: Body = {}): Body => ({
        apiVersion: `${server.namespace}.example.com/v1`,
        kind: 'Widget',
        metadata: { name: 'one' },
        spec,
        ...more,
      })
      const whole = {
        by: [{ name: 'a', size: 1 }],
        set: ['x'],
        list: ['l'],
        map: { k: 'v' },
        atom: { k: 'v' },
        any: { x: { y: 1 } },
      }
      await server.send(apply(path, widget(whole, { status: { ready: true } })))
      await server.send(apply(path, widget({ by: [{ name: 'a', size: 2 }, { name: 'b' }] }), 'fieldManager=two'))
      await server.send(
        apply(path, widget({ by: [{ name: 'b' }], set: ['y'], any: { x: { z: 1 } } }), 'fieldManager=two'),
      )
      await server.send(apply(path, widget({ list: ['m'], atom: { l: 'v' } }), 'fieldManager=two'))
      await server.send(mergePatch(path, { spec: { any: 'text' } }))
      await server.send(apply(path, widget({ by: [{ name: 'a' }] })))
      await server.send(apply(`${path}/status`, widget({}, { status: { ready: true } })))
      await server.send(apply(path, widget({ by: [{ name: 'a' }, { name: 'a' }] })))
      await server.send(apply(path, widget({ unknown: 1 })))
      await server.send(apply(path, widget({ map: { k: 'v' } })))
      await server.send(apply(path, widget({ map: {} })))
      await server.send({ method: 'DELETE', path })
    },
  },
  {
    title: '/status and /scale have managers of their own',
    managedFields,
    async run(server) {
      const path = `${pathIn(server.namespace, 'replicasets', 'apps/v1')}/one`
      const replicaSet = { ...deployment('one'), kind: 'ReplicaSet' }
      await server.prepare(apply(path, replicaSet))
      // A controller writes the status, too.
      const compared = (body: unknown): unknown =>
        managersOf(body).filter((entry) => fieldAt(entry, 'operation') === 'Apply')
      const status = { ...replicaSet, status: { replicas: 0, readyReplicas: 0 } }
      await server.send({ ...apply(`${path}/status`, status, 'fieldManager=two&force=true'), compared })
      const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'one' }, spec: { replicas: 2 } }
      await server.send(apply(`${path}/scale`, scale, 'fieldManager=three&dryRun=All'))
      await server.send(apply(`${path}/scale`, scale, 'fieldManager=three&dryRun=All&force=true'))
      await server.send(mergePatch(`${path}/scale`, { spec: { replicas: 0 } }, 'fieldManager=scaler'))
    },
  },
  {
    title: 'an apply that cannot be meant is refused',
    async run(server) {
      const { maps, services } = paths(server)
      const path = `${maps}/one`
      await server.send(apply(path, configMap('one'), ''))
      await server.send(apply(path, configMap('one'), `fieldManager=${'x'.repeat(129)}`))
      await server.send(apply(path, configMap('one'), 'fieldManager=a%0Ab'))
      await server.send(mergePatch(path, {}, 'force=true'))
      await server.send(apply(path, '- 1'))
      await server.send(apply(path, ''))
      await server.send(apply(path, { apiVersion: 'v1', kind: 'ConfigMap' }))
      await server.send(apply(path, configMap('two')))
      await server.send(apply(path, { ...configMap('one'), kind: 'Secret' }))
      await server.send(apply(path, { ...configMap('one'), apiVersion: 'v2' }))
      await server.send(apply(path, configMap('one', {}, { managedFields: [] })))
      await server.send(apply(path, configMap('one', {}, { namespace: 'other' })))
      await server.send(apply(path, { ...configMap('one'), data: 'text' }))
      await server.send(apply(path, configMap('one', { a: 1 })))
      await server.send(apply(path, { ...configMap('one'), unknown: 1 }))
      await server.send(apply(`${services}/one`, service('one', [{ port: 1 }, { port: 1 }])))
      await server.send(apply(maps, configMap('one')))
      await server.send(apply('/api/v1/namespaces/absent/configmaps/one', configMap('one')))
      await server.send({ ...apply(path, configMap('one')), contentType: 'application/apply-patch+json' })
    },
  },
  {
    title: 'an apply may ask for a version',
    async run(server) {
      const path = `${paths(server).maps}/one`
      await server.send(apply(path, configMap('one', { a: '1' }, { resourceVersion: '1' })))
      await server.send(apply(path, configMap('one', { a: '2' }, { resourceVersion: '1' })))
    },
  },
]
