import type { Job, JobSpec, Pod } from '@nexus/kube'
import { expect, test } from 'vitest'
import { failureOf, isIgnored } from './failure.ts'
import { assembleJobPod, planJob } from './plan.ts'
import { INDEX, TRACKING } from './pods.ts'
import { countedStatus, observeJob, uncountedOf } from './status.ts'

const now = new Date('2026-11-21T09:00:00Z')

function job(spec: Partial<JobSpec> = {}, status: Job['status'] = {}): Job {
  const template = { spec: { restartPolicy: 'Never' as const, containers: [{ name: 'a', image: 'a:1' }] } }
  const metadata = { name: 'hook', namespace: 'demo', uid: 'job-uid' }
  const defaults = { parallelism: 1, completions: 1, backoffLimit: 6 }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { ...defaults, ...spec, template }, status }
}

function pod(name: string, phase: 'Running' | 'Succeeded' | 'Failed', end?: { code: number; at: string }): Pod {
  const terminated = { exitCode: end?.code ?? 0, finishedAt: end?.at ?? '2026-11-21T08:59:00Z' }
  const state = phase === 'Running' ? { running: {} } : { terminated }
  const containerStatuses = [{ name: 'a', image: 'a:1', imageID: '', ready: false, restartCount: 0, state }]
  const metadata = { name, namespace: 'demo', uid: name, finalizers: [TRACKING] }
  const spec = { containers: [{ name: 'a', image: 'a:1' }] }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec, status: { phase, containerStatuses } }
}

test('as many pods run as may and must', () => {
  expect(planJob(job({ parallelism: 2, completions: 3 }), [], now).create).toHaveLength(2)
  expect(planJob(job({ parallelism: 2, completions: 3 }, { succeeded: 2 }), [], now).create).toHaveLength(1)
  expect(planJob(job({}, { succeeded: 1 }), [], now).create).toEqual([])
  expect(planJob(job({ suspend: true }), [pod('a', 'Running')], now).remove).toHaveLength(1)
})

test('after a failure there is a pause that doubles with each further one', () => {
  const failed = (name: string) => pod(name, 'Failed', { code: 1, at: '2026-11-21T08:59:55Z' })
  expect(planJob(job(), [failed('a')], now)).toMatchObject({ create: [], waitMs: 5000 })
  expect(planJob(job(), [failed('a'), failed('b')], now)).toMatchObject({ create: [], waitMs: 15_000 })
  const earlier = pod('a', 'Failed', { code: 1, at: '2026-11-21T08:59:50Z' })
  expect(planJob(job(), [earlier], now)).toMatchObject({ create: [undefined], waitMs: 0 })
})

test('the parts of an indexed Job are given to pods that know theirs', () => {
  const indexed = job({ completionMode: 'Indexed', completions: 4, parallelism: 4 }, { completedIndexes: '1' })
  expect(planJob(indexed, [], now).create).toEqual([0, 2, 3])
  const { metadata, spec } = assembleJobPod(indexed, 2, () => 0)
  expect(metadata).toMatchObject({ name: 'hook-2-bbbbb', annotations: { [INDEX]: '2' }, finalizers: [TRACKING] })
  expect(spec).toMatchObject({ hostname: 'hook-2', containers: [{ env: [{ name: 'JOB_COMPLETION_INDEX' }] }] })
})

test.each([
  ['its last try failed', job({ backoffLimit: 0 }), 'Failed', 1, 'BackoffLimitExceeded'],
  ['it has tries left', job({ backoffLimit: 1 }), 'Failed', 1, undefined],
  [
    'its time is over',
    job({ activeDeadlineSeconds: 60 }, { startTime: '2026-11-21T08:59:00Z' }),
    'Running',
    0,
    'DeadlineExceeded',
  ],
  [
    'its time is not over',
    job({ activeDeadlineSeconds: 61 }, { startTime: '2026-11-21T08:59:00Z' }),
    'Running',
    0,
    undefined,
  ],
] as const)('a Job whose story is that %s', (_story, of, phase, failed, reason) => {
  expect(failureOf(of, [pod('a', phase, { code: 1, at: '2026-11-21T08:59:00Z' })], failed, now)?.reason).toBe(reason)
})

test('rules about exit codes fail a Job at once, or overlook a failure', () => {
  const rule = (action: 'FailJob' | 'Ignore') =>
    job({ podFailurePolicy: { rules: [{ action, onExitCodes: { operator: 'In', values: [42] } }] } })
  const failed = pod('a', 'Failed', { code: 42, at: '2026-11-21T08:59:00Z' })
  expect(failureOf(rule('FailJob'), [failed], 1, now)).toEqual({
    reason: 'PodFailurePolicy',
    message: 'Container a for pod demo/a failed with exit code 42 matching FailJob rule at index 0',
  })
  expect(isIgnored(rule('Ignore'), failed)).toBe(true)
  expect(uncountedOf(rule('Ignore'), [failed], false).failed).toEqual([])
})

test('a pod counts once, whatever is seen of it twice', () => {
  const pods = [pod('a', 'Succeeded')]
  const first = uncountedOf(job(), pods, false)
  expect(first).toEqual({ succeeded: ['a'], failed: [] })
  const noted = job({}, { uncountedTerminatedPods: { succeeded: ['a'] } })
  expect(uncountedOf(noted, pods, false)).toEqual(first)
  expect(countedStatus(noted, pods, first)).toMatchObject({ succeeded: 1, failed: 0 })
})

test('a Job that has what it wants is complete when nothing runs any more', () => {
  const counts = { succeeded: 1, startTime: '2026-11-21T08:58:00Z' }
  const types = (pods: Pod[]) =>
    observeJob(job(), { counts, failure: undefined, pods, now }).conditions?.map(({ type }) => type)
  expect(types([pod('b', 'Running')])).toEqual(['SuccessCriteriaMet'])
  expect(types([])).toEqual(['SuccessCriteriaMet', 'Complete'])
})
