import { pathIn } from '../bodies.ts'
import type { Answer, ConformanceCase, ServerUnderTest } from '../case.ts'
import { fieldAt } from '../fields.ts'

export const area = 'Jobs: completions, failures, pauses'

type Fields = Readonly<Record<string, unknown>>

const MERGE = 'application/merge-patch+json'

/** A Job of a case, whose pods end as the case says. */
function job({ namespace, prepare, until }: ServerUnderTest) {
  const path = pathIn(namespace, 'jobs', 'batch/v1')
  const pods = pathIn(namespace, 'pods')
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example/app:1' }] } }
  return {
    create: (spec: Fields) => {
      const body = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'hook' }, spec: { template, ...spec } }
      return prepare({ method: 'POST', path, body })
    },
    patch: (body: Fields) => prepare({ method: 'PATCH', path: `${path}/hook`, body, contentType: MERGE }),
    /** Compares the status as soon as it is as said. */
    status: (holds: (status: unknown) => boolean) =>
      until({ method: 'GET', path: `${path}/hook`, compared: statusOf }, ({ body }) => {
        const status = fieldAt(body, 'status')
        const uncounted = fieldAt(status, 'uncountedTerminatedPods')
        return JSON.stringify(uncounted ?? {}) === '{}' && holds(status)
      }),
    gone: () => until({ method: 'GET', path: `${path}/hook` }, ({ status }) => status === 404),
    /** Ends so many running pods with an exit code. */
    async end(count: number, exitCode: number) {
      const answer = await until({ method: 'GET', path: pods, compared: () => '' }, (found) => {
        return running(found).length >= count
      })
      for (const pod of running(answer).slice(0, count)) {
        const state = { terminated: { exitCode, finishedAt: '2026-01-01T00:00:00Z' } }
        const container = { name: 'main', image: 'a', imageID: '', ready: false, restartCount: 0, state }
        const status = { phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses: [container] }
        const one = `${pods}/${String(fieldAt(pod, 'metadata', 'name'))}/status`
        await prepare({ method: 'PATCH', path: one, body: { status }, contentType: MERGE })
      }
    },
  }
}

export const cases: readonly ConformanceCase[] = [
  {
    title: 'a Job is complete when its pod has succeeded',
    async run(server) {
      const hook = job(server)
      await hook.create({})
      await hook.status((status) => fieldAt(status, 'active') === 1)
      await hook.end(1, 0)
      await hook.status((status) => has(status, 'Complete'))
    },
  },
  {
    title: 'a Job fails when no try is left',
    async run(server) {
      const hook = job(server)
      await hook.create({ backoffLimit: 1 })
      await hook.end(1, 3)
      await hook.status((status) => fieldAt(status, 'failed') === 1)
      await hook.end(1, 3)
      await hook.status((status) => has(status, 'Failed'))
    },
  },
  {
    title: 'several pods at once share the completions',
    async run(server) {
      const hook = job(server)
      await hook.create({ parallelism: 2, completions: 3 })
      await hook.end(1, 0)
      await hook.status((status) => fieldAt(status, 'succeeded') === 1 && fieldAt(status, 'active') === 2)
      await hook.end(2, 0)
      await hook.status((status) => has(status, 'Complete'))
    },
  },
  {
    title: 'the parts of an indexed Job are told apart',
    async run(server) {
      const hook = job(server)
      await hook.create({ completionMode: 'Indexed', parallelism: 3, completions: 3 })
      await hook.end(3, 0)
      await hook.status((status) => has(status, 'Complete'))
    },
  },
  {
    title: 'a Job that takes too long fails',
    async run(server) {
      const hook = job(server)
      await hook.create({ activeDeadlineSeconds: 1 })
      await hook.status((status) => has(status, 'Failed'))
    },
  },
  {
    title: 'an exit code may fail the Job at once',
    async run(server) {
      const hook = job(server)
      const rules = [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }]
      await hook.create({ podFailurePolicy: { rules } })
      await hook.end(1, 42)
      await hook.status((status) => has(status, 'Failed'))
    },
  },
  {
    title: 'a suspended Job has no pods until it is resumed',
    async run(server) {
      const hook = job(server)
      await hook.create({ suspend: true })
      await hook.status((status) => has(status, 'Suspended'))
      await hook.patch({ spec: { suspend: false } })
      await hook.status((status) => fieldAt(status, 'active') === 1)
      await hook.end(1, 0)
      await hook.status((status) => has(status, 'Complete'))
    },
  },
  {
    title: 'a finished Job goes after its time',
    async run(server) {
      const hook = job(server)
      await hook.create({ ttlSecondsAfterFinished: 0 })
      await hook.end(1, 0)
      await hook.gone()
    },
  },
]

function listAt(value: unknown, ...path: string[]): readonly unknown[] {
  const list = fieldAt(value, ...path)
  return Array.isArray(list) ? list : []
}

function has(status: unknown, type: string): boolean {
  return listAt(status, 'conditions').some(
    (condition) => fieldAt(condition, 'type') === type && fieldAt(condition, 'status') === 'True',
  )
}

function running({ body }: Answer): readonly unknown[] {
  return listAt(body, 'items').filter((pod) => fieldAt(pod, 'status', 'phase') === 'Pending')
}

function statusOf(body: unknown): unknown {
  return fieldAt(body, 'status')
}
