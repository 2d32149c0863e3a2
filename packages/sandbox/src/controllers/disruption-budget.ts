import { Kinds, matchesLabels, refTo } from '@nexus/kube'
import type { Condition, KubeClient, Pod, PodDisruptionBudget } from '@nexus/kube'
import { isActive, isReady } from './pods.ts'
import { runReconciler, watching } from './runtime/controller.ts'
import type { ControllerContext } from './runtime/controller.ts'
import { mergePatchBetween } from './runtime/merge-patch.ts'
import { controllerOf, isBeingDeleted, keyOf, parseKey, timestamp } from './runtime/objects.ts'

type BudgetStatus = NonNullable<PodDisruptionBudget['status']>

/** Counts for each PodDisruptionBudget how many of its pods work, and how many may be taken away. Nobody evicts pods here. */
export async function runDisruptionBudgets(context: ControllerContext): Promise<void> {
  const { informers, kube, now } = context
  const budgets = informers.of(Kinds.PodDisruptionBudget)
  const pods = informers.of(Kinds.Pod)
  const sets = informers.of(Kinds.ReplicaSet)

  async function reconcile(key: string): Promise<void> {
    const { name, namespace = '' } = parseKey(key)
    const budget = budgets.get(name, namespace)
    if (budget === undefined || isBeingDeleted(budget)) return
    const { selector } = budget.spec
    const found = pods
      .list({ namespace })
      .filter((pod) => isActive(pod) && selector !== undefined && matchesLabels(selector, pod.metadata.labels))
    const expected = expectedPods(budget, found, (uid) => {
      const set = sets.list({ namespace }).find(({ metadata }) => metadata.uid === uid)
      return set?.spec.replicas ?? 1
    })
    await writeStatus(kube, budget, observeBudget(budget, found, { expected, now: now() }))
  }

  await runReconciler(context, {
    name: 'disruption-budget',
    sources: [
      watching(budgets, (budget) => [keyOf(budget)]),
      watching(pods, ({ metadata }) => budgets.list({ namespace: metadata.namespace ?? '' }).map(keyOf)),
      watching(sets, ({ metadata }) => budgets.list({ namespace: metadata.namespace ?? '' }).map(keyOf)),
    ],
    reconcile,
  })
}

/** A share of pods counts those that their owners want, a number those that there are. */
function expectedPods(
  { spec }: PodDisruptionBudget,
  pods: readonly Pod[],
  wantedBy: (owner: string) => number,
): number {
  if (spec.maxUnavailable === undefined && typeof spec.minAvailable === 'number') return pods.length
  const owners = new Set(pods.flatMap((pod) => controllerOf(pod)?.uid ?? []))
  return [...owners].reduce((total, owner) => total + wantedBy(owner), 0)
}

/** As `updatePdbStatus` in kubernetes pkg/controller/disruption. */
export function observeBudget(
  { metadata, spec, status }: PodDisruptionBudget,
  pods: readonly Pod[],
  { expected, now }: { expected: number; now: Date },
): BudgetStatus {
  const currentHealthy = pods.filter(isReady).length
  const desiredHealthy =
    spec.maxUnavailable === undefined
      ? shareOf(spec.minAvailable ?? 0, expected)
      : Math.max(0, expected - shareOf(spec.maxUnavailable, expected))
  const disruptionsAllowed = expected > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0
  const { generation } = metadata
  return {
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy,
    expectedPods: expected,
    ...(generation !== undefined && { observedGeneration: generation }),
    conditions: [allowedCondition(disruptionsAllowed > 0, { status, generation, now })],
  }
}

/** Percentages are rounded up. */
function shareOf(share: number | string, of: number): number {
  return typeof share === 'number' ? share : Math.ceil((Number.parseInt(share, 10) * of) / 100)
}

function allowedCondition(
  isAllowed: boolean,
  { status, generation, now }: { status: BudgetStatus | undefined; generation: number | undefined; now: Date },
): Condition {
  const type = 'DisruptionAllowed'
  const said = isAllowed ? ('True' as const) : ('False' as const)
  const before = status?.conditions?.find((condition) => condition.type === type)
  const since = before?.status === said ? before.lastTransitionTime : undefined
  return {
    type,
    status: said,
    reason: isAllowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    lastTransitionTime: since ?? timestamp(now),
    ...(generation !== undefined && { observedGeneration: generation }),
  }
}

async function writeStatus(kube: KubeClient, budget: PodDisruptionBudget, status: BudgetStatus): Promise<void> {
  const patch = mergePatchBetween(budget.status, status)
  if (patch === undefined) return
  const ref = refTo(Kinds.PodDisruptionBudget, budget.metadata)
  await kube.patch(ref, { type: 'merge', body: { status: patch } }, { subresource: 'status' })
}
