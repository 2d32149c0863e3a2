import { deployment, pathIn } from '../bodies.ts'
import type { Answer, ConformanceCase, ServerUnderTest } from '../case.ts'
import { fieldAt } from '../fields.ts'

export const area = 'Deployments: rollouts, revisions, pauses, deadlines'
/** Its controllers wait for seconds: others would make them wait longer. */
export const isAlone = true

type Fields = Readonly<Record<string, unknown>>

const MERGE = 'application/merge-patch+json'
const REVISION = 'deployment.kubernetes.io/revision'

/** A Deployment of a case, whose pods do what the case says. */
function rollout({ namespace, prepare, until }: ServerUnderTest) {
  const path = pathIn(namespace, 'deployments', 'apps/v1')
  const sets = pathIn(namespace, 'replicasets', 'apps/v1')
  const pods = pathIn(namespace, 'pods')
  return {
    create: (spec: Fields) => prepare({ method: 'POST', path, body: deployment('web', spec) }),
    patch: (body: Fields) => prepare({ method: 'PATCH', path: `${path}/web`, body, contentType: MERGE }),
    /** Compares the whole status, once it has the condition with this reason. */
    status: (reason: string, holds: (status: unknown) => boolean = () => true) =>
      until({ method: 'GET', path: `${path}/web`, compared: statusOf }, (answer) => {
        const status = fieldAt(answer.body, 'status')
        const generation = fieldAt(answer.body, 'metadata', 'generation')
        const reasons = listAt(status, 'conditions').map((condition) => fieldAt(condition, 'reason'))
        const isSeen = fieldAt(status, 'observedGeneration') === generation
        return isSeen && reasons.includes(reason) && holds(status)
      }),
    /** Compares the ReplicaSets in the order of their revisions, once they have these sizes. */
    sets: (...sizes: number[]) =>
      until({ method: 'GET', path: sets, compared: setsOf }, ({ body }) => {
        const found = inOrder(body).map((set) => fieldAt(set, 'spec', 'replicas'))
        return JSON.stringify(found) === JSON.stringify(sizes)
      }),
    /** Compares what has happened to the Deployment, in no order, once so much has. */
    events: (count: number) =>
      until({ method: 'GET', path: pathIn(namespace, 'events'), compared: eventsOf }, ({ body }) => {
        return JSON.stringify(eventsOf(body)).split('Scaled ').length > count
      }),
    /** Says that the pods of a revision are ready, once there are so many. */
    async ready(image: string, count: number) {
      const { body } = await until({ method: 'GET', path: pods, compared: () => '' }, (answer) => {
        return podsWith(answer.body, image).length === count
      })
      for (const pod of podsWith(body, image)) {
        const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status: 'True' }))
        const status = { phase: 'Running', conditions }
        const one = `${pods}/${String(fieldAt(pod, 'metadata', 'name'))}/status`
        await prepare({ method: 'PATCH', path: one, body: { status }, contentType: MERGE })
      }
    },
  }
}

function template(image: string): Fields {
  return { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } }
}

const OLD = 'example/app:1'
const NEW = 'example/app:2'
const careful = { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }

export const cases: readonly ConformanceCase[] = [
  {
    title: 'a Deployment becomes a ReplicaSet, and says when it is complete',
    async run(server) {
      const web = rollout(server)
      await web.create({ replicas: 3 })
      await web.status('MinimumReplicasUnavailable', (status) => fieldAt(status, 'replicas') === 3)
      await web.sets(3)
      await web.ready(OLD, 3)
      await web.status('NewReplicaSetAvailable')
      await web.events(1)
    },
  },
  {
    title: 'pods are replaced one by one where none may be missing',
    async run(server) {
      const web = rollout(server)
      await web.create({ replicas: 2, ...careful })
      await web.ready(OLD, 2)
      await web.status('NewReplicaSetAvailable')
      await web.patch(template(NEW))
      // No look at the status in between: which reason it has when is a matter of what the controller has seen by then.
      await web.sets(2, 1)
      await web.ready(NEW, 1)
      await web.sets(1, 2)
      await web.ready(NEW, 2)
      await web.sets(0, 2)
      await web.status('NewReplicaSetAvailable', (status) => fieldAt(status, 'updatedReplicas') === 2)
      await web.events(5)
    },
  },
  {
    title: 'surge and unavailability in percent are rounded up and down',
    async run(server) {
      const web = rollout(server)
      await web.create({ replicas: 5 })
      await web.ready(OLD, 5)
      await web.status('NewReplicaSetAvailable')
      await web.patch(template(NEW))
      await web.sets(4, 3)
    },
  },
  {
    title: 'a template that comes back gets the next revision, and remembers the first',
    async run(server) {
      const web = rollout(server)
      await web.create({ replicas: 1 })
      await web.ready(OLD, 1)
      await web.status('NewReplicaSetAvailable')
      await web.patch({ metadata: { annotations: { 'kubernetes.io/change-cause': 'second' } }, ...template(NEW) })
      await web.ready(NEW, 1)
      await web.sets(0, 1)
      await web.ready(OLD, 0)
      await web.patch({ metadata: { annotations: { 'kubernetes.io/change-cause': 'third' } }, ...template(OLD) })
      await web.ready(OLD, 1)
      await web.sets(0, 1)
      await web.status('NewReplicaSetAvailable', (status) => fieldAt(status, 'updatedReplicas') === 1)
    },
  },
  {
    title: 'Recreate waits until the old pods are gone',
    async run(server) {
      const web = rollout(server)
      await web.create({ replicas: 2, strategy: { type: 'Recreate' } })
      await web.ready(OLD, 2)
      await web.status('NewReplicaSetAvailable')
      await web.patch(template(NEW))
      await web.sets(0, 2)
      await web.ready(NEW, 2)
      await web.status('NewReplicaSetAvailable', (status) => fieldAt(status, 'updatedReplicas') === 2)
      await web.events(3)
    },
  },
  {
    title: 'a paused Deployment is scaled, and rolls out when it is resumed',
    async run(server) {
      const web = rollout(server)
      await web.create({ replicas: 1 })
      await web.ready(OLD, 1)
      await web.status('NewReplicaSetAvailable')
      await web.patch({ spec: { paused: true } })
      await web.status('DeploymentPaused')
      await web.patch(template(NEW))
      await web.patch({ spec: { replicas: 2 } })
      await web.sets(2)
      await web.ready(OLD, 2)
      await web.status('DeploymentPaused', (status) => fieldAt(status, 'readyReplicas') === 2)
      await web.patch({ spec: { paused: false } })
      await web.sets(2, 1)
    },
  },
  {
    title: 'a rollout that stands still exceeds its deadline',
    async run(server) {
      const web = rollout(server)
      await web.create({ replicas: 1, progressDeadlineSeconds: 1 })
      await web.status('ProgressDeadlineExceeded', (status) => fieldAt(status, 'replicas') === 1)
      await web.ready(OLD, 1)
      await web.status('NewReplicaSetAvailable')
    },
  },
  {
    title: 'a new size in the middle of a rollout is shared out',
    async run(server) {
      const web = rollout(server)
      await web.create({ replicas: 10, strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } })
      await web.ready(OLD, 10)
      await web.status('NewReplicaSetAvailable')
      await web.patch(template(NEW))
      await web.sets(8, 5)
      await web.patch({ spec: { replicas: 15 } })
      await web.sets(11, 7)
    },
  },
  {
    title: 'old revisions beyond the history limit go',
    async run(server) {
      const web = rollout(server)
      await web.create({ replicas: 1, revisionHistoryLimit: 1 })
      for (const image of [OLD, NEW, 'example/app:3']) {
        await web.patch(template(image))
        await web.ready(image, 1)
        await web.status('NewReplicaSetAvailable', (status) => fieldAt(status, 'updatedReplicas') === 1)
      }
      await web.sets(0, 1)
    },
  },
  {
    title: 'pods that a quota refuses are told by the ReplicaSet and the Deployment',
    async run(server) {
      const { namespace, prepare, until } = server
      const metadata = { name: 'none' }
      const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard: { pods: '0' } } }
      const path = pathIn(namespace, 'resourcequotas')
      await prepare({ method: 'POST', path, body: quota })
      const isCounted = ({ body }: Answer) => fieldAt(body, 'status', 'used', 'pods') === '0'
      await until({ method: 'GET', path: `${path}/none`, compared: (body) => fieldAt(body, 'status') }, isCounted)
      const web = rollout(server)
      await web.create({ replicas: 1 })
      await web.status('FailedCreate')
    },
  },
]

function listAt(value: unknown, ...path: string[]): readonly unknown[] {
  const list = fieldAt(value, ...path)
  return Array.isArray(list) ? list : []
}

function podsWith(body: unknown, image: string): readonly unknown[] {
  return listAt(body, 'items').filter(
    (pod) =>
      fieldAt(listAt(pod, 'spec', 'containers')[0], 'image') === image &&
      fieldAt(pod, 'metadata', 'deletionTimestamp') === undefined,
  )
}

/** ReplicaSets are named after a hash that is each server's own. */
function withoutHash(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(/web-[a-z0-9]{6,10}(-[a-z0-9]{5})?/g, 'web-<hash>'))
}

/** The conditions in one order: a new state puts a condition last, and which comes last is a matter of when one looks. */
function statusOf(body: unknown): unknown {
  const status = fieldAt(body, 'status')
  const type = (condition: unknown) => String(fieldAt(condition, 'type'))
  const conditions = listAt(status, 'conditions').toSorted((a, b) => (type(a) < type(b) ? -1 : 1))
  return withoutHash(typeof status === 'object' ? { ...status, conditions } : status)
}

function inOrder(body: unknown): readonly unknown[] {
  const revision = (set: unknown) => Number(fieldAt(set, 'metadata', 'annotations', REVISION) ?? 0)
  return [...listAt(body, 'items')].sort((a, b) => revision(a) - revision(b))
}

function setsOf(body: unknown): unknown {
  return inOrder(body).map((set) => ({
    annotations: fieldAt(set, 'metadata', 'annotations'),
    replicas: fieldAt(set, 'spec', 'replicas'),
  }))
}

function eventsOf(body: unknown): unknown {
  const own = listAt(body, 'items').filter((event) => fieldAt(event, 'involvedObject', 'kind') === 'Deployment')
  const said = own.map((event) => ['type', 'reason', 'message'].map((field) => fieldAt(event, field)).join(' '))
  return withoutHash(said.sort())
}
