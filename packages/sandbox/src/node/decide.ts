import type { Pod } from '@nexus/kube'
import type { ContainerView } from './container-view.ts'
import { isRestarted, restartDelayMs } from './restart.ts'
import type { RestartPolicy } from './restart.ts'

/** Seconds a container gets between SIGTERM and SIGKILL where the pod does not say. */
const DEFAULT_GRACE_SECONDS = 30

export type Action =
  | { readonly type: 'start'; readonly container: string; readonly restart: boolean }
  | {
      readonly type: 'stop'
      readonly container: string
      readonly graceSeconds: number
      readonly because: 'deleted' | 'liveness' | 'startup'
    }
  /** Nothing runs any more: the pod object can go. */
  | { readonly type: 'remove' }

export interface Decision {
  readonly actions: readonly Action[]
  /** When to decide again if nothing happens before, in milliseconds since the epoch. */
  readonly wakeAt?: number | undefined
}

/** What has to happen next for a pod, given what its containers do. */
export function decidePod(pod: Pod, containers: readonly ContainerView[], now: number): Decision {
  if (pod.metadata.deletionTimestamp !== undefined) return decideDeleted(pod, containers)
  const policy = pod.spec.restartPolicy ?? 'Always'
  const decisions = containers.map((container) => decideContainer(pod, container, policy, now))
  const wakes = decisions.flatMap(({ wakeAt }) => wakeAt ?? [])
  return {
    actions: decisions.flatMap(({ actions }) => actions),
    wakeAt: wakes.length === 0 ? undefined : Math.min(...wakes),
  }
}

/** When a container that has ended starts again, or undefined where it does not. */
export function restartAt(container: ContainerView, policy: RestartPolicy): number | undefined {
  const { state, crashes } = container
  if (state.phase !== 'exited' || !isRestarted(policy, state.exit.exitCode)) return undefined
  return Date.parse(state.exit.finishedAt) + restartDelayMs(crashes)
}

function decideDeleted(pod: Pod, containers: readonly ContainerView[]): Decision {
  const running = containers.filter(({ state }) => state.phase === 'running')
  if (running.length === 0) return { actions: [{ type: 'remove' }] }
  const graceSeconds =
    pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
  return {
    actions: running
      .filter(({ state }) => state.phase === 'running' && !state.stopping)
      .map(({ name }) => ({ type: 'stop', container: name, graceSeconds, because: 'deleted' })),
  }
}

function decideContainer(pod: Pod, container: ContainerView, policy: RestartPolicy, now: number): Decision {
  const { name, state } = container
  switch (state.phase) {
    case 'waiting':
      return startOnce(name, { at: state.retryAt, now, restart: false })
    case 'running': {
      if (state.failed === undefined || state.stopping) return { actions: [] }
      const graceSeconds = probeGrace(pod, name, state.failed)
      return { actions: [{ type: 'stop', container: name, graceSeconds, because: state.failed }] }
    }
    case 'exited': {
      const at = restartAt(container, policy)
      return at === undefined ? { actions: [] } : startOnce(name, { at, now, restart: true })
    }
    default:
      return state satisfies never
  }
}

function startOnce(container: string, { at, now, restart }: { at: number; now: number; restart: boolean }): Decision {
  return at <= now ? { actions: [{ type: 'start', container, restart }] } : { actions: [], wakeAt: at }
}

function probeGrace(pod: Pod, name: string, kind: 'liveness' | 'startup'): number {
  const container = pod.spec.containers.find((candidate) => candidate.name === name)
  const probe = kind === 'liveness' ? container?.livenessProbe : container?.startupProbe
  return probe?.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
}
