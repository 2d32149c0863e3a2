import type { Job, Pod, PodFailureRule } from '@nexus/kube'
import { hasFailed, isActive } from './pods.ts'

/** Why a Job has failed, in the words of its condition. */
export interface JobFailure {
  readonly reason: 'BackoffLimitExceeded' | 'DeadlineExceeded' | 'PodFailurePolicy'
  readonly message: string
}

const DEFAULT_BACKOFF_LIMIT = 6

/**
 * Why a Job cannot succeed any more, or undefined. `failed` are its failures so far (`syncJob` in kubernetes
 * pkg/controller/job/job_controller.go, in its order).
 */
export function failureOf(job: Job, pods: readonly Pod[], failed: number, now: Date): JobFailure | undefined {
  const ruled = pods.filter(hasFailed).flatMap((pod) => ruledFailure(job, pod) ?? [])
  if (ruled[0] !== undefined) return { reason: 'PodFailurePolicy', message: ruled[0] }
  const limit = job.spec.backoffLimit ?? DEFAULT_BACKOFF_LIMIT
  if (failed > limit || hasRestartedTooOften(job, pods, limit)) {
    return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  }
  if ((millisecondsToDeadline(job, now) ?? 1) <= 0) {
    return { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
  }
  return undefined
}

/** Until the Job has run for too long; undefined where it may run forever. */
export function millisecondsToDeadline({ spec, status }: Job, now: Date): number | undefined {
  if (spec.activeDeadlineSeconds === undefined || status?.startTime === undefined || spec.suspend === true)
    return undefined
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1000 - now.getTime()
}

/** Containers that are restarted in their pod count as tries, too. */
function hasRestartedTooOften({ spec }: Job, pods: readonly Pod[], limit: number): boolean {
  if (spec.template.spec.restartPolicy !== 'OnFailure') return false
  const running = pods.filter((pod) => isActive(pod) && (pod.status?.phase ?? 'Pending') !== 'Unknown')
  const restarts = running
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((total, { restartCount }) => total + restartCount, 0)
  return limit === 0 ? restarts > 0 : restarts >= limit
}

/** The message of the rule by which this pod fails the whole Job. */
function ruledFailure(job: Job, pod: Pod): string | undefined {
  const { index, rule, because } = matchingRule(job, pod) ?? {}
  return rule?.action === 'FailJob' ? `${because} matching FailJob rule at index ${index}` : undefined
}

/** Whether a rule says that the failure does not count against the limit. */
export function isIgnored(job: Job, pod: Pod): boolean {
  return matchingRule(job, pod)?.rule.action === 'Ignore'
}

interface Match {
  readonly rule: PodFailureRule
  readonly index: number
  readonly because: string
}

function matchingRule({ spec }: Job, pod: Pod): Match | undefined {
  for (const [index, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) {
    const because = exitMatch(rule, pod) ?? conditionMatch(rule, pod)
    if (because !== undefined) return { rule, index, because }
  }
  return undefined
}

function exitMatch({ onExitCodes }: PodFailureRule, { metadata, status }: Pod): string | undefined {
  if (onExitCodes === undefined) return undefined
  const { containerName, operator, values } = onExitCodes
  const found = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(
    ({ name, state }) => {
      const code = state?.terminated?.exitCode ?? 0
      return code !== 0 && (containerName ?? name) === name && values.includes(code) === (operator === 'In')
    },
  )
  if (found === undefined) return undefined
  const pod = `${metadata.namespace ?? ''}/${metadata.name}`
  return `Container ${found.name} for pod ${pod} failed with exit code ${found.state?.terminated?.exitCode}`
}

function conditionMatch({ onPodConditions = [] }: PodFailureRule, { metadata, status }: Pod): string | undefined {
  const found = onPodConditions.find(({ type, status: wanted = 'True' }) =>
    status?.conditions?.some((condition) => condition.type === type && condition.status === wanted),
  )
  return found && `Pod ${metadata.namespace ?? ''}/${metadata.name} has condition ${found.type}`
}
