import { pathIn } from '../bodies.ts'
import type { ConformanceCase, ServerUnderTest } from '../case.ts'
import { fieldAt } from '../fields.ts'

export const area = 'StatefulSets: order, volumes, updates'

type Fields = Readonly<Record<string, unknown>>

const MERGE = 'application/merge-patch+json'
const OLD = 'example/app:1'
const NEW = 'example/app:2'

/** A StatefulSet of a case, whose pods do what the case says. */
function members({ namespace, prepare, until }: ServerUnderTest) {
  const path = pathIn(namespace, 'statefulsets', 'apps/v1')
  const pods = pathIn(namespace, 'pods')
  const claims = pathIn(namespace, 'persistentvolumeclaims')
  return {
    create: (spec: Fields) => {
      const template = { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'main', image: OLD }] } }
      const selector = { matchLabels: { app: 'db' } }
      const body = { serviceName: 'db', selector, template, ...spec }
      return prepare({
        method: 'POST',
        path,
        body: { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db' }, spec: body },
      })
    },
    patch: (spec: Fields) => prepare({ method: 'PATCH', path: `${path}/db`, body: { spec }, contentType: MERGE }),
    /** Compares the pods once these are there: `db-0 example/app:1`. */
    pods: (...wanted: string[]) =>
      until({ method: 'GET', path: pods, compared: podsOf }, ({ body }) => {
        const found = podsOf(body).map(({ name, image }) => `${name} ${image}`)
        return JSON.stringify(found) === JSON.stringify(wanted)
      }),
    claims: (count: number) =>
      until({ method: 'GET', path: claims, compared: claimsOf }, ({ body }) => claimsOf(body).length === count),
    /** Compares the status once it is as said. */
    status: (wanted: Readonly<Record<string, number>>) =>
      until({ method: 'GET', path: `${path}/db`, compared: statusOf }, ({ body }) => {
        return Object.entries(wanted).every(([field, value]) => (fieldAt(body, 'status', field) ?? 0) === value)
      }),
    ready: (name: string) => {
      const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
      return prepare({ method: 'PATCH', path: `${pods}/${name}/status`, body: { status }, contentType: MERGE })
    },
  }
}

const volumeClaimTemplates = [
  {
    metadata: { name: 'data' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'none-such',
    },
  },
]

export const cases: readonly ConformanceCase[] = [
  {
    title: 'members come one after the other, with volumes of their own, and leave the volumes behind',
    async run(server) {
      const db = members(server)
      await db.create({ replicas: 2, volumeClaimTemplates })
      await db.pods(`db-0 ${OLD}`)
      await db.status({ replicas: 1 })
      await db.ready('db-0')
      await db.pods(`db-0 ${OLD}`, `db-1 ${OLD}`)
      await db.ready('db-1')
      await db.status({ readyReplicas: 2 })
      await db.patch({ replicas: 1 })
      await db.pods(`db-0 ${OLD}`)
      await db.claims(2)
    },
  },
  {
    title: 'a new template replaces the highest member first',
    async run(server) {
      const db = members(server)
      await db.create({ replicas: 2, podManagementPolicy: 'Parallel' })
      await db.pods(`db-0 ${OLD}`, `db-1 ${OLD}`)
      await db.ready('db-0')
      await db.ready('db-1')
      await db.status({ readyReplicas: 2 })
      await db.patch({ template: { spec: { containers: [{ name: 'main', image: NEW }] } } })
      await db.pods(`db-0 ${OLD}`, `db-1 ${NEW}`)
      await db.status({ updatedReplicas: 1, readyReplicas: 1, replicas: 2 })
      await db.ready('db-1')
      await db.pods(`db-0 ${NEW}`, `db-1 ${NEW}`)
      await db.ready('db-0')
      await db.status({ updatedReplicas: 2, readyReplicas: 2, currentReplicas: 2 })
    },
  },
  {
    title: 'below its partition nothing is updated',
    async run(server) {
      const db = members(server)
      const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } }
      await db.create({ replicas: 2, podManagementPolicy: 'Parallel', updateStrategy })
      await db.pods(`db-0 ${OLD}`, `db-1 ${OLD}`)
      await db.ready('db-0')
      await db.ready('db-1')
      await db.status({ readyReplicas: 2 })
      await db.patch({ template: { spec: { containers: [{ name: 'main', image: NEW }] } } })
      await db.pods(`db-0 ${OLD}`, `db-1 ${NEW}`)
      await db.ready('db-1')
      await db.status({ updatedReplicas: 1, readyReplicas: 2, currentReplicas: 1 })
    },
  },
]

function listAt(value: unknown, ...path: string[]): readonly unknown[] {
  const list = fieldAt(value, ...path)
  return Array.isArray(list) ? list : []
}

function podsOf(body: unknown): { name: string; image: string; spec: unknown; labels: unknown }[] {
  return listAt(body, 'items').map((pod) => ({
    name: String(fieldAt(pod, 'metadata', 'name')),
    image: String(fieldAt(listAt(pod, 'spec', 'containers')[0], 'image')),
    spec: { hostname: fieldAt(pod, 'spec', 'hostname'), subdomain: fieldAt(pod, 'spec', 'subdomain') },
    labels: withoutHash(fieldAt(pod, 'metadata', 'labels')),
  }))
}

function claimsOf(body: unknown): unknown[] {
  return listAt(body, 'items').map((claim) => ({
    name: fieldAt(claim, 'metadata', 'name'),
    labels: fieldAt(claim, 'metadata', 'labels'),
    owners: listAt(claim, 'metadata', 'ownerReferences').length,
  }))
}

function statusOf(body: unknown): unknown {
  return withoutHash(fieldAt(body, 'status'))
}

/** Revisions are named after a hash that is each server's own. */
function withoutHash(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(/db-[a-z0-9]{6,10}/g, 'db-<hash>'))
}
