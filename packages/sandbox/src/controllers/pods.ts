import type { Pod } from '@nexus/kube'
import { isBeingDeleted } from './runtime/objects.ts'

/** Counts as a replica: neither ended nor on its way out. */
export function isActive(pod: Pod): boolean {
  return !hasEnded(pod) && !isBeingDeleted(pod)
}

export function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

export function isReady({ status }: Pod): boolean {
  return readyCondition({ status })?.status === 'True'
}

/** Ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: Date): boolean {
  if (!isReady(pod)) return false
  const since = Date.parse(readyCondition(pod)?.lastTransitionTime ?? '')
  return minReadySeconds === 0 || since + minReadySeconds * 1000 <= now.getTime()
}

function readyCondition({ status }: { status?: Pod['status'] | undefined }) {
  return status?.conditions?.find(({ type }) => type === 'Ready')
}

/** What a pod would cost to give up, said by a person; pods that cost less go first. */
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'

/**
 * Which of two pods is given up first (negative: `a`): one without a node, not running, not ready, of less cost, ready for a
 * shorter time, restarted more often, younger (`ActivePodsWithRanks` in kubernetes pkg/controller/controller_utils.go).
 */
export function compareForRemoval(a: Pod, b: Pod): number {
  const worth = (pod: Pod) => [
    pod.spec.nodeName ? 1 : 0,
    pod.status?.phase === 'Running' ? 1 : 0,
    isReady(pod) ? 1 : 0,
    Number.parseInt(pod.metadata.annotations?.[DELETION_COST] ?? '0', 10) || 0,
    -(Date.parse(readyCondition(pod)?.lastTransitionTime ?? '') || 0),
    -Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount)),
    -(Date.parse(pod.metadata.creationTimestamp ?? '') || 0),
  ]
  const [mine, other] = [worth(a), worth(b)]
  const difference = mine.map((value, index) => value - (other[index] ?? 0)).find((value) => value !== 0)
  return difference ?? (a.metadata.name < b.metadata.name ? -1 : 1)
}
