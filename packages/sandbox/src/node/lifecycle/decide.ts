import type { Pod } from '@nexus/kube'
import { containersOf } from './container-view.ts'
import type { ContainerView } from './container-view.ts'
import { deadlineOf, isOutOfTheWay, progressOf, restartAt } from './pod-progress.ts'

/** Seconds a container gets between SIGTERM and SIGKILL where the pod does not say. */
const DEFAULT_GRACE_SECONDS = 30

/** Why a container is told to end. */
export type StopReason = 'deleted' | 'liveness' | 'startup' | 'changed' | 'ended'

type Running = Extract<ContainerView['state'], { phase: 'running' }>

export type Action =
  | { readonly type: 'start'; readonly container: string; readonly restart: boolean }
  | {
      readonly type: 'stop'
      readonly container: string
      readonly graceSeconds: number
      readonly because: StopReason
    }
  /** Nothing runs any more: the pod object can go. */
  | { readonly type: 'remove' }

export interface Decision {
  readonly actions: readonly Action[]
  /** When to decide again if nothing happens before, in milliseconds since the epoch. */
  readonly wakeAt?: number | undefined
}

export interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** When the pod started, RFC 3339. */
  readonly startTime: string
}

/** What has to happen next for a pod, given what its containers do. */
export function decidePod(pod: Pod, containers: readonly ContainerView[], moment: Moment): Decision {
  const { initialized, ending } = progressOf(pod, containers, moment)
  if (ending) return decideEnding(pod, containers)
  const mayRun = initialized ? containers : upToTheFirstInTheWay(containers)
  const decisions = mayRun.map((container) => decideContainer(pod, container, moment.now))
  const wakes = [...decisions.map(({ wakeAt }) => wakeAt), deadlineOf(pod, moment.startTime)].flatMap((at) => at ?? [])
  return {
    actions: decisions.flatMap(({ actions }) => actions),
    wakeAt: wakes.length === 0 ? undefined : Math.min(...wakes),
  }
}

/**
 * When to decide again: what was put off in this pass comes on top of `others`. A container that waits for others, and not
 * for a time, is no reason.
 */
export function nextDecision(
  containers: readonly ContainerView[],
  { now }: Pick<Moment, 'now'>,
  others: readonly (number | undefined)[],
): number | undefined {
  const retries = containers.flatMap(({ state }) => {
    return state.phase === 'waiting' && state.retryAt > now ? [state.retryAt] : []
  })
  const times = [...retries, ...others.flatMap((at) => at ?? [])]
  return times.length === 0 ? undefined : Math.min(...times)
}

/** Init containers run one after the other, beside the sidecars that have started. */
function upToTheFirstInTheWay(containers: readonly ContainerView[]): readonly ContainerView[] {
  const first = containers.findIndex((container) => container.role !== 'main' && !isOutOfTheWay(container))
  return containers.slice(0, first + 1)
}

/** The main containers end together; then the sidecars, the last one first. */
function decideEnding(pod: Pod, containers: readonly ContainerView[]): Decision {
  const running = containers.filter(({ state }) => state.phase === 'running')
  const deleted = pod.metadata.deletionTimestamp !== undefined
  if (running.length === 0) return { actions: deleted ? [{ type: 'remove' }] : [] }
  const others = running.filter(({ role }) => role !== 'sidecar')
  const graceSeconds = graceOf(pod)
  return {
    actions: (others.length > 0 ? others : running.slice(-1))
      .filter(({ state }) => state.phase === 'running' && mayHaveToHurry(state, graceSeconds))
      .map(({ name }) => ({ type: 'stop', container: name, graceSeconds, because: deleted ? 'deleted' : 'ended' })),
  }
}

/** A second deletion may leave less time than the first one. */
function mayHaveToHurry({ stopping, graceSeconds = 0 }: Running, given: number): boolean {
  return !stopping || given < graceSeconds
}

function graceOf({ metadata, spec }: Pod): number {
  return metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
}

function decideContainer(pod: Pod, container: ContainerView, now: number): Decision {
  const { name, state, role } = container
  switch (state.phase) {
    case 'waiting':
      return startOnce(name, { at: isChanged(pod, container) ? now : state.retryAt, now, restart: false })
    case 'running': {
      const because = state.failed ?? (isChanged(pod, container) ? 'changed' : undefined)
      if (because === undefined || state.stopping) return { actions: [] }
      const graceSeconds = because === 'changed' ? graceOf(pod) : probeGrace(pod, name, because)
      return { actions: [{ type: 'stop', container: name, graceSeconds, because }] }
    }
    case 'exited': {
      if (role === 'init' && isOutOfTheWay(container)) return { actions: [] }
      const at = restartAt(pod, container)
      if (at === undefined) return { actions: [] }
      // Another image has not crashed yet.
      return startOnce(name, { at: isChanged(pod, container) ? now : at, now, restart: true })
    }
    default:
      return state satisfies never
  }
}

function startOnce(container: string, { at, now, restart }: { at: number; now: number; restart: boolean }): Decision {
  return at <= now ? { actions: [{ type: 'start', container, restart }] } : { actions: [], wakeAt: at }
}

/** The image is the one part of a container that may change while it runs. */
function isChanged(pod: Pod, { name, image }: ContainerView): boolean {
  const found = containersOf(pod).find(({ container }) => container.name === name)
  return found !== undefined && (found.container.image ?? '') !== image
}

function probeGrace(pod: Pod, name: string, kind: 'liveness' | 'startup'): number {
  const container = containersOf(pod).find((candidate) => candidate.container.name === name)?.container
  const probe = kind === 'liveness' ? container?.livenessProbe : container?.startupProbe
  return probe?.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
}
