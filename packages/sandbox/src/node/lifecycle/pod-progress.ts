import type { Pod } from '@nexus/kube'
import { hasRun, policyFor } from './container-view.ts'
import type { ContainerView } from './container-view.ts'
import { isRestarted, restartDelayMs } from './restart.ts'

/** Why a pod ends without being deleted: as its status says. */
export interface PodFailure {
  readonly reason?: string | undefined
  readonly message?: string | undefined
}

/** How far a pod has come. */
export interface PodProgress {
  /** The init containers have ended well and the sidecars have started: the main containers may start. */
  readonly initialized: boolean
  /** Nothing starts any more; what runs has to end. */
  readonly ending: boolean
  readonly failure?: PodFailure | undefined
}

const DEADLINE: PodFailure = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
}

/** When the pod has been active for too long, in milliseconds since the epoch. */
export function deadlineOf({ spec }: Pod, startTime: string): number | undefined {
  const { activeDeadlineSeconds } = spec
  return activeDeadlineSeconds === undefined ? undefined : Date.parse(startTime) + activeDeadlineSeconds * 1000
}

export function progressOf(
  pod: Pod,
  containers: readonly ContainerView[],
  { now, startTime }: { now: number; startTime: string },
): PodProgress {
  const mains = containers.filter(({ role }) => role === 'main')
  const early = containers.filter(({ role }) => role !== 'main')
  // Once the main containers have run, a sidecar that crashes does not make them wait again.
  const initialized = early.every(isOutOfTheWay) || mains.some(hasRun)
  const initFailed = early.some((container) => hasEnded(pod, container) && !isOutOfTheWay(container))
  const failure = isTooLate(pod, mains, { now, startTime }) ? DEADLINE : !initialized && initFailed ? {} : undefined
  const done = initialized && mains.every((main) => hasEnded(pod, main))
  return { initialized, failure, ending: pod.metadata.deletionTimestamp !== undefined || failure !== undefined || done }
}

/** The deadline has passed, and the pod had not ended by then. */
function isTooLate(pod: Pod, mains: readonly ContainerView[], moment: { now: number; startTime: string }): boolean {
  const deadline = deadlineOf(pod, moment.startTime)
  if (deadline === undefined || deadline > moment.now) return false
  return !mains.every(
    (main) =>
      hasEnded(pod, main) && main.state.phase === 'exited' && Date.parse(main.state.exit.finishedAt) <= deadline,
  )
}

/** When a container that has ended starts again, or undefined where its policy does not. */
export function restartAt(pod: Pod, { state, crashes, role }: ContainerView): number | undefined {
  if (state.phase !== 'exited' || !isRestarted(policyFor(role, pod), state.exit.exitCode)) return undefined
  return Date.parse(state.exit.finishedAt) + restartDelayMs(crashes)
}

/** It has ended for good. */
export function hasEnded(pod: Pod, container: ContainerView): boolean {
  return container.state.phase === 'exited' && restartAt(pod, container) === undefined
}

/** What comes after an init container or sidecar may start. */
export function isOutOfTheWay({ role, state }: ContainerView): boolean {
  if (role === 'sidecar') return state.phase === 'running' && state.started
  return state.phase === 'exited' && state.exit.exitCode === 0
}
