import type { Condition, ContainerState as ContainerStateStatus, ContainerStatus, Pod, PodStatus } from '@nexus/kube'
import { hasRun } from '../lifecycle/container-view.ts'
import type { ContainerView } from '../lifecycle/container-view.ts'
import { hasEnded, isOutOfTheWay, progressOf } from '../lifecycle/pod-progress.ts'
import type { PodProgress } from '../lifecycle/pod-progress.ts'
import { qosClass } from './qos-class.ts'
import { restartDelayMs } from '../lifecycle/restart.ts'
import type { ContainerExit } from '../lifecycle/restart.ts'

/** The address of the node, which is this machine. */
export const HOST_IP = '127.0.0.1'

/** The conditions that the node reports; others belong to the scheduler and to controllers. */
export const OWN_CONDITIONS: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'ContainersReady',
  'Ready',
])

export interface PodView {
  readonly containers: readonly ContainerView[]
  readonly podIP: string
  readonly startTime: string
  /** The volumes are there: containers can start. */
  readonly volumesReady: boolean
}

/** The pod's status as a kubelet would report it. Conditions of others, and times of what did not change, are kept. */
export function assemblePodStatus(pod: Pod, view: PodView, now: Date): PodStatus {
  const progress = progressOf(pod, view.containers, { now: now.getTime(), startTime: view.startTime })
  const phase = phaseOf(pod, view.containers, progress)
  const statuses = view.containers.map((container) => ({
    role: container.role,
    status: containerStatus(pod, container, progress),
  }))
  const early = statuses.filter(({ role }) => role !== 'main').map(({ status }) => status)
  const { generation } = pod.metadata
  const conditions = [
    condition('PodReadyToStartContainers', view.volumesReady && (phase === 'Pending' || phase === 'Running')),
    initializedCondition(view.containers, progress, phase),
    readyCondition('ContainersReady', phase, unready(statuses)),
    gatedCondition(pod, readyCondition('Ready', phase, unready(statuses))),
  ]
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    phase,
    ...(phase === 'Failed' && failureFields(progress)),
    conditions: mergeConditions(pod, conditions, now),
    ...(early.length > 0 && { initContainerStatuses: early }),
    containerStatuses: statuses.filter(({ role }) => role === 'main').map(({ status }) => status),
    hostIP: HOST_IP,
    hostIPs: [{ ip: HOST_IP }],
    podIP: view.podIP,
    podIPs: [{ ip: view.podIP }],
    startTime: view.startTime,
    qosClass: qosClass(pod.spec),
  }
}

function failureFields({ failure }: PodProgress): Pick<PodStatus, 'reason' | 'message'> {
  const { reason, message } = failure ?? {}
  return { ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) }
}

/** A pod is over when nothing of it runs any more, sidecars included. */
function phaseOf(
  pod: Pod,
  containers: readonly ContainerView[],
  { initialized, ending, failure }: PodProgress,
): NonNullable<PodStatus['phase']> {
  const mains = containers.filter(({ role }) => role === 'main')
  const runs = containers.some(({ state }) => state.phase === 'running')
  if (failure !== undefined && !runs) return 'Failed'
  const codes = mains.flatMap(({ state }) => (state.phase === 'exited' ? [state.exit.exitCode] : []))
  const over = ending && !runs && codes.length === mains.length
  if (over) return codes.every((code) => code === 0) ? 'Succeeded' : 'Failed'
  return initialized && mains.every(hasRun) ? 'Running' : 'Pending'
}

interface RoleStatus {
  readonly role: ContainerView['role']
  readonly status: ContainerStatus
}

/** The containers that keep the pod from being ready: init containers that have ended well do not. */
function unready(statuses: readonly RoleStatus[]): string[] {
  return statuses.flatMap(({ role, status }) => (role === 'init' || status.ready ? [] : [status.name]))
}

function initializedCondition(
  containers: readonly ContainerView[],
  { initialized }: PodProgress,
  phase: PodStatus['phase'],
): Condition {
  const type = 'Initialized'
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' }
  if (initialized) return { type, status: 'True' }
  const incomplete = containers.filter((container) => container.role !== 'main' && !isOutOfTheWay(container))
  const message = `containers with incomplete status: [${incomplete.map(({ name }) => name).join(' ')}]`
  return { type, status: 'False', reason: 'ContainersNotInitialized', message }
}

/** A pod with readiness gates is ready when the conditions that they name hold as well. */
function gatedCondition(pod: Pod, ready: Condition): Condition {
  if (ready.status !== 'True') return ready
  const messages = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = pod.status?.conditions?.find(({ type }) => type === conditionType)
    if (found?.status === 'True') return []
    const gate = `pod readiness gate "${conditionType}"`
    return found === undefined
      ? [`corresponding condition of ${gate} does not exist.`]
      : [`the status of ${gate} is not "True", but ${found.status}`]
  })
  if (messages.length === 0) return ready
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') }
}

function condition(type: string, holds: boolean): Condition {
  return { type, status: holds ? 'True' : 'False' }
}

function readyCondition(type: string, phase: PodStatus['phase'], unready: readonly string[]): Condition {
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' }
  if (unready.length === 0) return { type, status: 'True' }
  const message = `containers with unready status: [${unready.join(' ')}]`
  return { type, status: 'False', reason: 'ContainersNotReady', message }
}

function mergeConditions({ metadata, status }: Pod, own: readonly Condition[], now: Date): Condition[] {
  const existing = status?.conditions ?? []
  const { generation } = metadata
  const stamped = own.map((current) => {
    const before = existing.find(({ type }) => type === current.type)
    const since = before?.status === current.status ? before.lastTransitionTime : undefined
    return {
      ...current,
      lastTransitionTime: since ?? toSeconds(now),
      ...(generation !== undefined && { observedGeneration: generation }),
    }
  })
  return [...stamped, ...existing.filter(({ type }) => !OWN_CONDITIONS.has(type))]
}

function containerStatus(pod: Pod, container: ContainerView, progress: PodProgress): ContainerStatus {
  const { name, image, program, restartCount, state } = container
  const last = previousExit(pod, container, progress)
  const id = containerId(pod, container)
  return {
    name,
    image,
    imageID: program === undefined ? '' : `sandbox://${program}`,
    ready: isReady(container),
    started: state.phase === 'running' && state.started && container.role !== 'init',
    restartCount,
    ...(hasRun(container) && { containerID: id }),
    state: currentState(pod, container, progress),
    lastState: last === undefined ? {} : { terminated: terminated(last, `${id}-last`) },
  }
}

function isReady(container: ContainerView): boolean {
  if (container.role === 'init') return isOutOfTheWay(container)
  return container.state.phase === 'running' && container.state.ready && container.state.started
}

/** An end after which the container starts again is already its past. */
function previousExit(pod: Pod, container: ContainerView, progress: PodProgress): ContainerExit | undefined {
  if (container.state.phase !== 'exited' || progress.ending || hasEnded(pod, container)) return container.lastExit
  return container.state.exit
}

function currentState(pod: Pod, container: ContainerView, progress: PodProgress): ContainerStateStatus {
  const { state, name, crashes } = container
  switch (state.phase) {
    case 'waiting':
      return { waiting: { reason: state.reason, ...(state.message !== undefined && { message: state.message }) } }
    case 'running':
      return { running: { startedAt: state.startedAt } }
    case 'exited': {
      if (progress.ending || hasEnded(pod, container)) {
        return { terminated: terminated(state.exit, containerId(pod, container)) }
      }
      return { waiting: { reason: 'CrashLoopBackOff', message: backOffMessage(pod, name, crashes) } }
    }
    default:
      return state satisfies never
  }
}

/** `back-off 20s restarting failed container=main pod=llama_demo(uid)`, the kubelet's words. */
export function backOffMessage(pod: Pod, container: string, crashes: number): string {
  const delay = restartDelayMs(crashes) / 1000
  const duration = delay < 60 ? `${delay}s` : `${Math.floor(delay / 60)}m${delay % 60}s`
  return `back-off ${duration} restarting failed container=${container} pod=${fullName(pod)}`
}

/** `llama_demo(uid)`: how kubelets write a pod. */
export function fullName({ metadata }: Pod): string {
  return `${metadata.name}_${metadata.namespace}(${metadata.uid})`
}

function terminated(exit: ContainerExit, containerID: string): NonNullable<ContainerStateStatus['terminated']> {
  const { exitCode, signal, reason, message, startedAt, finishedAt } = exit
  return {
    exitCode,
    ...(signal !== undefined && { signal }),
    reason,
    ...(message !== undefined && { message }),
    startedAt,
    finishedAt,
    containerID,
  }
}

function containerId({ metadata }: Pod, { name, restartCount }: ContainerView): string {
  return `nexus://${metadata.uid}-${name}-${restartCount}`
}

/** RFC 3339 in whole seconds, as `metav1.Time` is written. */
export function toSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z')
}
