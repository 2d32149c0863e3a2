import type { Condition, ContainerState as ContainerStateStatus, ContainerStatus, Pod, PodStatus } from '@nexus/kube'
import { hasRun } from './container-view.ts'
import type { ContainerView } from './container-view.ts'
import { restartAt } from './decide.ts'
import { qosClass } from './qos-class.ts'
import { restartDelayMs } from './restart.ts'
import type { ContainerExit } from './restart.ts'

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
}

/** The pod's status as a kubelet would report it. Conditions of others, and times of what did not change, are kept. */
export function assemblePodStatus(pod: Pod, view: PodView, now: Date): PodStatus {
  const phase = phaseOf(pod, view.containers)
  const containerStatuses = view.containers.map((container) => containerStatus(pod, container))
  const unready = containerStatuses.filter(({ ready }) => !ready).map(({ name }) => name)
  const conditions = [
    condition('PodReadyToStartContainers', phase === 'Pending' || phase === 'Running'),
    condition('Initialized', true),
    readyCondition('ContainersReady', phase, unready),
    readyCondition('Ready', phase, unready),
  ]
  return {
    phase,
    conditions: mergeConditions(pod.status?.conditions ?? [], conditions, now),
    containerStatuses,
    hostIP: HOST_IP,
    hostIPs: [{ ip: HOST_IP }],
    podIP: view.podIP,
    podIPs: [{ ip: view.podIP }],
    startTime: view.startTime,
    qosClass: qosClass(pod.spec),
  }
}

function phaseOf(pod: Pod, containers: readonly ContainerView[]): NonNullable<PodStatus['phase']> {
  const ended = containers.flatMap(({ state }) => (state.phase === 'exited' ? [state.exit.exitCode] : []))
  const goesOn = pod.metadata.deletionTimestamp === undefined
  const restarts = goesOn && containers.some((container) => restartAt(container, policyOf(pod)) !== undefined)
  if (ended.length === containers.length && !restarts) return ended.every((code) => code === 0) ? 'Succeeded' : 'Failed'
  return containers.every(hasRun) ? 'Running' : 'Pending'
}

function policyOf(pod: Pod): 'Always' | 'OnFailure' | 'Never' {
  return pod.spec.restartPolicy ?? 'Always'
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

function mergeConditions(existing: readonly Condition[], own: readonly Condition[], now: Date): Condition[] {
  const stamped = own.map((current) => {
    const before = existing.find(({ type }) => type === current.type)
    const since = before?.status === current.status ? before.lastTransitionTime : undefined
    return { ...current, lastTransitionTime: since ?? toSeconds(now) }
  })
  return [...stamped, ...existing.filter(({ type }) => !OWN_CONDITIONS.has(type))]
}

function containerStatus(pod: Pod, container: ContainerView): ContainerStatus {
  const { name, image, program, restartCount, state } = container
  const running = state.phase === 'running'
  const last = previousExit(pod, container)
  const id = containerId(pod, container)
  return {
    name,
    image,
    imageID: program === undefined ? '' : `sandbox://${program}`,
    ready: running && state.ready && state.started,
    started: running && state.started,
    restartCount,
    ...(hasRun(container) && { containerID: id }),
    state: currentState(pod, container),
    lastState: last === undefined ? {} : { terminated: terminated(last, `${id}-last`) },
  }
}

/** An end after which the container starts again is already its past. */
function previousExit(pod: Pod, container: ContainerView): ContainerExit | undefined {
  if (container.state.phase !== 'exited' || isFinal(pod, container)) return container.lastExit
  return container.state.exit
}

function isFinal(pod: Pod, container: ContainerView): boolean {
  return pod.metadata.deletionTimestamp !== undefined || restartAt(container, policyOf(pod)) === undefined
}

function currentState(pod: Pod, container: ContainerView): ContainerStateStatus {
  const { state, name, crashes } = container
  switch (state.phase) {
    case 'waiting':
      return { waiting: { reason: state.reason, ...(state.message !== undefined && { message: state.message }) } }
    case 'running':
      return { running: { startedAt: state.startedAt } }
    case 'exited': {
      if (isFinal(pod, container)) return { terminated: terminated(state.exit, containerId(pod, container)) }
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
