import type { Condition } from '@nexus/kube'
import { timestamp } from '../runtime/objects.ts'

/** A condition with the severity that Knative's condition sets write: `Info` where readiness does not depend on it. */
export type SeverityCondition = Condition & { severity?: string }

/** Conditions on which `Ready` depends (`conditionSet` in pkg/apis/serving/v1beta1/inference_service_status.go). */
const DEPENDENTS = ['IngressReady', 'PredictorReady']
const READY = 'Ready'

export interface ConditionChange {
  readonly type: string
  readonly status: Condition['status']
  readonly reason?: string | undefined
  readonly message?: string | undefined
}

/** `Ready` and what it depends on, unknown until something is said about them (`InitializeConditions`). */
export function withInitialConditions(conditions: readonly SeverityCondition[], now: Date): SeverityCondition[] {
  const missing = [READY, ...DEPENDENTS].filter((type) => !conditions.some((condition) => condition.type === type))
  return missing.reduce<SeverityCondition[]>((all, type) => put(all, { type, status: 'Unknown' }, now), [...conditions])
}

/**
 * The conditions after one of them is said, `Ready` derived: a living condition set of knative.dev/pkg
 * (`apis/condition_set.go`). A false dependent makes `Ready` false with its words, an unknown one unknown.
 * Sorted by type; times change only where something else changes.
 */
export function withCondition(
  conditions: readonly SeverityCondition[],
  change: ConditionChange,
  now: Date,
): SeverityCondition[] {
  const changed = put(conditions, change, now)
  if (change.type === READY) return changed
  const unhappy = change.status === 'False' && DEPENDENTS.includes(change.type) ? change : unhappyDependent(changed)
  return put(changed, unhappy === undefined ? { type: READY, status: 'True' } : { ...unhappy, type: READY }, now)
}

/** False before unknown; among equals the one that changed last. */
function unhappyDependent(conditions: readonly SeverityCondition[]): ConditionChange | undefined {
  const dependents = conditions
    .filter(({ type }) => DEPENDENTS.includes(type))
    .sort((a, b) => Date.parse(b.lastTransitionTime ?? '') - Date.parse(a.lastTransitionTime ?? ''))
  const unhappy =
    dependents.find(({ status }) => status === 'False') ?? dependents.find(({ status }) => status === 'Unknown')
  if (unhappy !== undefined || dependents.length === DEPENDENTS.length) return unhappy
  return { type: READY, status: 'Unknown' }
}

function put(conditions: readonly SeverityCondition[], change: ConditionChange, now: Date): SeverityCondition[] {
  const old = conditions.find(({ type }) => type === change.type)
  const { type, status, reason, message } = change
  if (old?.status === status && (old.reason || '') === (reason || '') && (old.message || '') === (message || '')) {
    return [...conditions]
  }
  const isTerminal = type === READY || DEPENDENTS.includes(type)
  const written: SeverityCondition = {
    type,
    status,
    ...(reason && { reason }),
    ...(message && { message }),
    ...(!isTerminal && { severity: 'Info' }),
    lastTransitionTime: timestamp(now),
  }
  return [...conditions.filter((condition) => condition.type !== type), written].sort((a, b) =>
    a.type < b.type ? -1 : 1,
  )
}

export function conditionOf(
  conditions: readonly SeverityCondition[] | undefined,
  type: string,
): SeverityCondition | undefined {
  return conditions?.find((condition) => condition.type === type)
}
