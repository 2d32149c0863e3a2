import type { ContainerStatus, Pod } from '@nexus/kube'
import { containersOf, firstReason } from './container-view.ts'
import type { ContainerState, ContainerView } from './container-view.ts'
import type { ContainerExit } from './restart.ts'

/** What a container that ran when its agent died ended with: nobody saw it. */
const UNSEEN_EXIT_CODE = 137

/** The containers of a pod as an agent finds them that has not run them: from the status that its predecessor wrote. */
export function viewsFromStatus(pod: Pod, now: Date): ContainerView[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  return containersOf(pod).map(({ container: { name, image = '' }, role }) => {
    const status = statuses.find((candidate) => candidate.name === name)
    return {
      name,
      role,
      image,
      restartCount: status?.restartCount ?? 0,
      crashes: 0,
      state: stateFromStatus(status, now) ?? { phase: 'waiting', reason: firstReason(role, pod), retryAt: 0 },
      lastExit: exitFrom(status?.lastState?.terminated),
    }
  })
}

function stateFromStatus(status: ContainerStatus | undefined, now: Date): ContainerState | undefined {
  const finishedAt = now.toISOString()
  if (status?.state?.running) {
    const { startedAt = finishedAt } = status.state.running
    const message = 'the node agent ended while this container ran'
    const exit = {
      exitCode: UNSEEN_EXIT_CODE,
      reason: 'ContainerStatusUnknown',
      message,
      startedAt,
      finishedAt,
    } as const
    return { phase: 'exited', exit }
  }
  const exit = exitFrom(status?.state?.terminated)
  return exit === undefined ? undefined : { phase: 'exited', exit }
}

type Terminated = NonNullable<ContainerStatus['state']>['terminated']

function exitFrom(terminated: Terminated): ContainerExit | undefined {
  if (terminated === undefined) return undefined
  const { exitCode, signal, message, startedAt = '', finishedAt = '' } = terminated
  const reason = terminated.reason ?? (exitCode === 0 ? 'Completed' : 'Error')
  return { exitCode, signal, reason, message, startedAt, finishedAt }
}
