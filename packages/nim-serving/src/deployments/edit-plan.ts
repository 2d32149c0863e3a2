import type { KubeObject, ObjectRef, PersistentVolumeClaim } from '@nexus/kube'
import { createJsonPatch } from '@nexus/kube'
import { isStopped, withStopped } from '../api/InferenceService.ts'
import type { Change } from '../api/update.ts'
import type { FieldDifference } from '../errors.ts'
import type { DeployInput, ServingObjects } from '../types.ts'
import { amendNIMInferenceService, amendNIMServingRuntime } from './amend.ts'
import { keepIdentity } from './applier.ts'
import type { ApplyFieldData } from './applier.ts'
import { differencesOfInputs } from './compare.ts'
import type { OpenedDeployment } from './deployUtils.ts'
import { extractFormData } from './extract.ts'
import { placeOf } from './plan.ts'
import { resizedPVC, sizeOf } from './resize.ts'
import { assembleTokenAuth, ownedBy, tokenAuthRefs } from './token-auth.ts'

/** What an edit writes, in this order: PVC, runtime, token authentication, and last the InferenceService. */
export interface EditPlan {
  readonly pvc: Change<PersistentVolumeClaim> | undefined
  readonly runtime: Change<ServingObjects['runtime']> | undefined
  readonly creates: readonly KubeObject[]
  readonly removes: readonly ObjectRef[]
  readonly isvc: Change<ServingObjects['isvc']> | undefined
  /** What changes, in words. */
  readonly differences: readonly FieldDifference[]
  /** Whether the deployment is stopped and starts with the edit. */
  readonly restarts: boolean
}

export interface EditGoal {
  readonly wanted: DeployInput
  /** A larger PVC. */
  readonly size?: string | undefined
  readonly now: Date
  readonly applyFieldData: ApplyFieldData
  /** Which objects of the token authentication are there, as `Kind/name`. */
  readonly tokenAuth: ReadonlySet<string>
}

/**
 * What is left to write until a deployment is as wanted. An edit that changes anything starts a deployment that was
 * stopped. Pure.
 * @throws DeployError `NEXUS_DEPLOY_PVC_RESIZE`
 */
export function planEdit(live: OpenedDeployment, goal: EditGoal): EditPlan {
  const { wanted, size, now, applyFieldData, tokenAuth } = goal
  const was = extractFormData(live)
  const amended = applyFieldData({
    runtime: amendNIMServingRuntime(live.runtime, was, wanted),
    isvc: amendNIMInferenceService(live.isvc, was, wanted),
  })
  const { runtime, isvc } = keepIdentity(live, amended)
  const pvc = live.pvc === undefined || size === undefined ? undefined : resizedPVC(live.pvc, size, now)
  const changes = {
    pvc: changeOf(live.pvc, pvc),
    runtime: changeOf(live.runtime, runtime),
    creates: assembleTokenAuth(wanted)
      .filter((object) => !tokenAuth.has(placeOf(object)))
      .map((object) => ownedBy(object, live.isvc)),
    removes: tokenAuthToRemove(was, wanted),
    isvc: changeOf(live.isvc, isvc),
  }
  const restarts = isStopped(live.isvc) && !isNothing(changes)
  return {
    ...changes,
    isvc: restarts ? { before: live.isvc, after: withStopped(isvc, false) } : changes.isvc,
    differences: [
      ...differencesOfInputs(was, wanted),
      ...differenceOfSize(live.pvc, pvc),
      ...differenceOfTokens(was, wanted),
    ],
    restarts,
  }
}

/** Whether nothing is left to write. */
export function isNothing({
  pvc,
  runtime,
  isvc,
  creates,
  removes,
}: Omit<EditPlan, 'differences' | 'restarts'>): boolean {
  return [pvc, runtime, isvc].every((change) => change === undefined) && creates.length === 0 && removes.length === 0
}

function changeOf<T extends KubeObject>(before: T | undefined, after: T | undefined): Change<T> | undefined {
  if (before === undefined || after === undefined) return undefined
  return createJsonPatch(before, after).length === 0 ? undefined : { before, after }
}

/** The tokens go last: as long as one is there, an edit that broke off still finds what else belongs to it. */
const REMOVAL_ORDER = ['RoleBinding', 'Role', 'ServiceAccount', 'Secret']

function tokenAuthToRemove(was: DeployInput, wanted: DeployInput): ObjectRef[] {
  const kept = new Set(tokenAuthRefs(wanted).map(({ kind, name }) => `${kind.kind}/${name}`))
  return tokenAuthRefs(was)
    .filter(({ kind, name }) => !kept.has(`${kind.kind}/${name}`))
    .sort((a, b) => REMOVAL_ORDER.indexOf(a.kind.kind) - REMOVAL_ORDER.indexOf(b.kind.kind))
}

function differenceOfSize(
  live: PersistentVolumeClaim | undefined,
  wanted: PersistentVolumeClaim | undefined,
): FieldDifference[] {
  if (live === undefined || wanted === undefined || live === wanted) return []
  return [{ field: 'storage', live: sizeOf(live), wanted: sizeOf(wanted) }]
}

function differenceOfTokens(was: DeployInput, wanted: DeployInput): FieldDifference[] {
  const [live, now] = [was.tokens.toSorted().join(', '), wanted.tokens.toSorted().join(', ')]
  return live === now ? [] : [{ field: 'tokens', live, wanted: now }]
}
