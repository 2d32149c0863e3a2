import type { Pod, StatefulSet } from '@nexus/kube'
import { hasEnded, isAvailable } from '../pods.ts'
import { wantedReplicas } from '../rollout.ts'
import { isBeingDeleted } from '../runtime/objects.ts'
import { ordinalOf, REVISION_LABEL } from './pod.ts'

/** What to do next about the members of a StatefulSet. */
export interface MemberPlan {
  /** Ordinals to make, and whether of the template that pods have had so far. */
  readonly create: readonly { readonly ordinal: number; readonly isOld: boolean }[]
  readonly remove: readonly Pod[]
}

const NOTHING: MemberPlan = { create: [], remove: [] }

/**
 * One step towards the wanted members: first those that are missing, from the lowest on, then those too many, from the
 * highest on, then those of an older template, from the highest on. In order, each step waits for the one before to be ready
 * (`updateStatefulSet` in kubernetes pkg/controller/statefulset/stateful_set_control.go).
 */
export function planMembers(
  set: StatefulSet,
  pods: readonly Pod[],
  { updateRevision, now }: { updateRevision: string; now: Date },
): MemberPlan {
  const members = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]))
  const ordinals = Array.from({ length: wantedReplicas(set) }, (_, ordinal) => ordinal)
  const isWell = (pod: Pod | undefined): boolean =>
    pod !== undefined && !isBeingDeleted(pod) && isAvailable(pod, set.spec.minReadySeconds ?? 0, now)
  const isParallel = set.spec.podManagementPolicy === 'Parallel'

  const broken = ordinals.flatMap((ordinal) => endedOf(members.get(ordinal)))
  if (broken.length > 0) return { create: [], remove: broken }
  const missing = ordinals.filter((ordinal) => !members.has(ordinal))
  const next = isParallel ? missing : firstInOrder(ordinals, missing, (ordinal) => isWell(members.get(ordinal)))
  if (next.length > 0) return { create: next.map((ordinal) => memberToMake(set, ordinal)), remove: [] }
  const isReady = ordinals.every((ordinal) => isWell(members.get(ordinal)))
  const surplus = surplusOf(set, pods)
  if (surplus.length > 0) {
    const goes = surplus.filter((pod) => !isBeingDeleted(pod))
    if (isParallel) return { create: [], remove: goes }
    const waits = !isReady || goes.length < surplus.length
    return waits ? NOTHING : { create: [], remove: goes.slice(0, 1) }
  }
  return { create: [], remove: outdated(set, members, updateRevision, isWell) }
}

function endedOf(pod: Pod | undefined): Pod[] {
  return pod !== undefined && hasEnded(pod) && !isBeingDeleted(pod) ? [pod] : []
}

/** The first one that is missing, when all before it are well. */
function firstInOrder(
  ordinals: readonly number[],
  missing: readonly number[],
  isWell: (ordinal: number) => boolean,
): readonly number[] {
  const first = ordinals.find((ordinal) => !isWell(ordinal))
  return first !== undefined && missing.includes(first) ? [first] : []
}

/** Below the partition pods keep the template that they have had. */
function memberToMake(set: StatefulSet, ordinal: number): { ordinal: number; isOld: boolean } {
  return { ordinal, isOld: ordinal < partitionOf(set) }
}

function partitionOf({ spec }: StatefulSet): number {
  return spec.updateStrategy?.type === 'OnDelete' ? 0 : (spec.updateStrategy?.rollingUpdate?.partition ?? 0)
}

function surplusOf(set: StatefulSet, pods: readonly Pod[]): Pod[] {
  const wanted = wantedReplicas(set)
  return pods
    .filter((pod) => (ordinalOf(set, pod) ?? -1) >= wanted)
    .sort((a, b) => (ordinalOf(set, b) ?? 0) - (ordinalOf(set, a) ?? 0))
}

function outdated(
  set: StatefulSet,
  members: ReadonlyMap<number | undefined, Pod>,
  updateRevision: string,
  isWell: (pod: Pod | undefined) => boolean,
): Pod[] {
  if (set.spec.updateStrategy?.type === 'OnDelete') return []
  for (let ordinal = wantedReplicas(set) - 1; ordinal >= partitionOf(set); ordinal--) {
    const pod = members.get(ordinal)
    if (pod === undefined || isBeingDeleted(pod)) return []
    if (pod.metadata.labels?.[REVISION_LABEL] !== updateRevision) return [pod]
    if (!isWell(pod)) return []
  }
  return []
}
