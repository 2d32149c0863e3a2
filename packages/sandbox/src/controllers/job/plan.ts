import { ownerReferenceTo } from '@nexus/kube'
import type { Container, Job, Pod } from '@nexus/kube'
import { compareForRemoval } from '../pods.ts'
import { randomSuffix } from '../runtime/names.ts'
import { parseIndexes } from './indexes.ts'
import { endOf, hasFailed, INDEX, indexOf, isActive, isIndexed, TRACKING } from './pods.ts'

/** The first pause after a failure; it doubles up to the longest one (kubernetes pkg/controller/job/backoff_utils.go). */
const BASE_PAUSE_MS = 10_000
const LONGEST_PAUSE_MS = 600_000

/** What to do about the pods of a Job that is neither finished nor about to be. */
export interface JobPlan {
  /** Pods to make; of an indexed Job their indexes. */
  readonly create: readonly (number | undefined)[]
  readonly remove: readonly Pod[]
  /** Until new pods may be made after a failure. */
  readonly waitMs: number
}

export function planJob(job: Job, pods: readonly Pod[], now: Date): JobPlan {
  const active = pods.filter(isActive)
  const wanted = job.spec.suspend === true ? 0 : wantedActive(job, active.length)
  const surplus = active.length - wanted
  if (surplus > 0) return { create: [], remove: [...active].sort(compareForRemoval).slice(0, surplus), waitMs: 0 }
  const waitMs = surplus < 0 ? pauseAfterFailures(pods, now) : 0
  return { create: waitMs > 0 ? [] : partsOf(job, active, -surplus), remove: [], waitMs }
}

/** Without a number of completions the first success ends the making of new pods. */
function wantedActive({ spec, status }: Job, active: number): number {
  const parallelism = spec.parallelism ?? 1
  const succeeded = status?.succeeded ?? 0
  if (spec.completions === undefined) return succeeded > 0 ? Math.min(active, parallelism) : parallelism
  return Math.min(parallelism, Math.max(0, spec.completions - succeeded))
}

function pauseAfterFailures(pods: readonly Pod[], now: Date): number {
  const lastSuccess = Math.max(0, ...pods.filter(({ status }) => status?.phase === 'Succeeded').map(endOf))
  const failures = pods
    .filter(hasFailed)
    .map(endOf)
    .filter((end) => end >= lastSuccess)
  if (failures.length === 0) return 0
  const pause = Math.min(LONGEST_PAUSE_MS, BASE_PAUSE_MS * 2 ** (failures.length - 1))
  return Math.max(0, Math.max(...failures) + pause - now.getTime())
}

function partsOf(job: Job, active: readonly Pod[], count: number): (number | undefined)[] {
  if (!isIndexed(job)) return Array.from({ length: count }, () => undefined)
  const taken = new Set([...parseIndexes(job.status?.completedIndexes), ...active.map(indexOf)])
  const all = Array.from({ length: job.spec.completions ?? 0 }, (_, index) => index)
  return all.filter((index) => !taken.has(index)).slice(0, count)
}

/** A pod of the Job, kept by its finalizer until it is counted. */
export function assembleJobPod(job: Job, index: number | undefined, random: () => number = Math.random): Pod {
  const { name, namespace } = job.metadata
  const { metadata = {}, spec } = job.spec.template
  const prefix = index === undefined ? `${name}-` : `${name}-${index}-`
  const own = index === undefined ? {} : { [INDEX]: String(index) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${prefix.slice(0, 58)}${randomSuffix(5, random)}`,
      generateName: prefix,
      ...(namespace !== undefined && { namespace }),
      labels: { ...metadata.labels, ...own },
      annotations: { ...metadata.annotations, ...own },
      finalizers: [...(metadata.finalizers ?? []), TRACKING],
      ownerReferences: [ownerReferenceTo(job, { controller: true })],
    },
    spec: index === undefined ? spec : { ...spec, hostname: `${name}-${index}`, ...withIndex(spec) },
  }
}

function withIndex({ containers, initContainers }: Job['spec']['template']['spec']) {
  const fieldPath = `metadata.labels['${INDEX}']`
  const variable = { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } }
  const told = (container: Container): Container =>
    container.env?.some(({ name }) => name === variable.name) === true
      ? container
      : { ...container, env: [...(container.env ?? []), variable] }
  return { containers: containers.map(told), ...(initContainers && { initContainers: initContainers.map(told) }) }
}
