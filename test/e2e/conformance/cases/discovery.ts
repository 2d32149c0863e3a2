import type { ConformanceCase } from '../case.ts'
import { asRecord, fieldAt, listAt, textAt } from '../fields.ts'

export const area = 'discovery'

/** The versions whose kinds the sandbox serves, with the names of these kinds. */
const SERVED: Readonly<Record<string, string>> = {
  'api/v1':
    'configmaps endpoints events limitranges namespaces nodes persistentvolumeclaims persistentvolumes pods resourcequotas secrets serviceaccounts services',
  'apis/apps/v1': 'controllerrevisions daemonsets deployments replicasets statefulsets',
  'apis/autoscaling/v2': 'horizontalpodautoscalers',
  'apis/batch/v1': 'cronjobs jobs',
  'apis/networking.k8s.io/v1': 'ingressclasses ingresses networkpolicies',
  'apis/policy/v1': 'poddisruptionbudgets',
  'apis/admissionregistration.k8s.io/v1': 'mutatingwebhookconfigurations validatingwebhookconfigurations',
  'apis/scheduling.k8s.io/v1': 'priorityclasses',
  'apis/coordination.k8s.io/v1': 'leases',
  'apis/discovery.k8s.io/v1': 'endpointslices',
  'apis/rbac.authorization.k8s.io/v1': 'clusterrolebindings clusterroles rolebindings roles',
  'apis/storage.k8s.io/v1': 'storageclasses',
  'apis/apiextensions.k8s.io/v1': 'customresourcedefinitions',
  'apis/authentication.k8s.io/v1': 'selfsubjectreviews tokenreviews',
  'apis/authorization.k8s.io/v1':
    'localsubjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews',
}

const KINDS = new Set(Object.values(SERVED).join(' ').split(' '))
const GROUPS = new Set(Object.keys(SERVED).map((path) => path.split('/').slice(1, -1).join('/')))
/** Parts of objects that the sandbox has an endpoint for. */
const PARTS = new Set(['', 'binding', 'finalize', 'log', 'portforward', 'scale', 'status', 'token'])

/** Of the resources of a version those that the sandbox serves, without the hash by which API servers find objects. */
function servedResources(body: unknown): unknown {
  const served = listAt(body, 'resources').filter((resource) => {
    const [plural = '', part = ''] = String(fieldAt(resource, 'name')).split('/')
    return KINDS.has(plural) && PARTS.has(part)
  })
  return { ...asRecord(body), resources: served.map((one) => without(one, 'storageVersionHash')) }
}

/** Of the groups those that the sandbox serves, in the order of their names. */
function servedGroups(body: unknown): unknown {
  const groups = listAt(body, 'groups').filter((group) => GROUPS.has(String(fieldAt(group, 'name'))))
  // Other versions of these groups are served by Kubernetes alone.
  return { ...asRecord(body), groups: byName(groups.map((group) => without(group, 'versions'))) }
}

function servedAggregated(body: unknown): unknown {
  const groups = listAt(body, 'items').filter((group) => GROUPS.has(textAt(group, 'metadata', 'name')))
  return { ...asRecord(body), items: byName(groups.map((group) => servedVersions(group))) }
}

function servedVersions(group: unknown): Record<string, unknown> {
  const name = textAt(group, 'metadata', 'name')
  const versions = listAt(group, 'versions').filter(
    (version) => `${name}/${String(fieldAt(version, 'version'))}` in PREFERRED,
  )
  return {
    name,
    versions: versions.map((version) => ({
      ...asRecord(version),
      resources: listAt(version, 'resources').flatMap(servedParts),
    })),
  }
}

const PREFERRED: Readonly<Record<string, true>> = Object.fromEntries(
  Object.keys(SERVED).map((path) => [path.replace(/^apis?\//, '').replace(/^v1$/, '/v1'), true]),
)

function servedParts(resource: unknown): unknown[] {
  if (!KINDS.has(String(fieldAt(resource, 'resource')))) return []
  const parts = listAt(resource, 'subresources').filter((part) => PARTS.has(String(fieldAt(part, 'subresource'))))
  return [{ ...asRecord(resource), subresources: parts }]
}

function without(value: unknown, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(asRecord(value)).filter(([name]) => name !== key))
}

function byName(values: readonly Record<string, unknown>[]): unknown {
  return values.toSorted((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1))
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

const lists: readonly ConformanceCase[] = Object.keys(SERVED).map((path) => ({
  title: `/${path} lists its kinds`,
  run: async ({ send }) => {
    await send({ method: 'GET', path: `/${path}`, compared: servedResources })
  },
}))

export const cases: readonly ConformanceCase[] = [
  ...lists,
  {
    title: 'the groups are listed with their preferred versions',
    async run({ send }) {
      await send({ method: 'GET', path: '/apis', compared: servedGroups })
      await send({ method: 'GET', path: '/api', compared: (body) => fieldAt(body, 'versions') })
      await send({ method: 'GET', path: '/apis/apps' })
      await send({ method: 'GET', path: '/apis/rbac.authorization.k8s.io' })
    },
  },
  {
    title: 'everything is listed in one answer',
    async run({ send }) {
      await send({ method: 'GET', path: '/api', accept: AGGREGATED, compared: servedAggregated })
      await send({ method: 'GET', path: '/apis', accept: AGGREGATED, compared: servedAggregated })
    },
  },
  {
    title: 'a new definition is discovered, and forgotten with it',
    async run({ namespace, send, prepare, until }) {
      const group = `${namespace}.example.com`
      const definition = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: `things.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural: 'things', kind: 'Thing', shortNames: ['th'], categories: ['all'] },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
              subresources: { status: {} },
            },
          ],
        },
      }
      const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
      await prepare({ method: 'POST', path, body: definition })
      await until(
        {
          method: 'GET',
          path: `/apis/${group}/v1`,
          compared: (body) => listAt(body, 'resources').map((one) => without(one, 'storageVersionHash')),
        },
        ({ status }) => status === 200,
      )
      await send({ method: 'GET', path: `/apis/${group}` })
      await prepare({ method: 'DELETE', path: `${path}/things.${group}` })
      await until({ method: 'GET', path: `/apis/${group}/v1`, compared: () => 'gone' }, ({ status }) => status === 404)
    },
  },
]
