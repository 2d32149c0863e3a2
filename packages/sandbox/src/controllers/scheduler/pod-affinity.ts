import { matchesLabels } from '@nexus/kube'
import type { Pod, PodAffinityTerm } from '@nexus/kube'
import { lasting, passing } from './refusal.ts'
import type { Candidate, Refusal } from './refusal.ts'

/** What pods nearby have against a node: first what the pod asks of them, then what they ask of it. */
export function neighbourRefusals(pod: Pod, candidate: Candidate, all: readonly Candidate[]): Refusal[] {
  if (!isNearAll(pod, candidate, all)) return [lasting("node(s) didn't match pod affinity rules")]
  if (isNearAny(pod, candidate, all)) return [passing("node(s) didn't match pod anti-affinity rules")]
  if (isKeptAway(pod, candidate, all)) return [passing("node(s) didn't satisfy existing pods anti-affinity rules")]
  return []
}

/** Each required affinity finds a pod nearby. The first of a group that wants to be together finds nobody, and may go. */
function isNearAll(pod: Pod, candidate: Candidate, all: readonly Candidate[]): boolean {
  const terms = pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  return terms.every((term) => {
    if (candidate.node.metadata.labels?.[term.topologyKey] === undefined) return false
    if (podsNear(term, candidate, all).some((other) => isMeant(term, pod, other))) return true
    const isFirst = !all.some(({ pods }) => pods.some((other) => isMeant(term, pod, other)))
    return isFirst && isMeant(term, pod, pod)
  })
}

function isNearAny(pod: Pod, candidate: Candidate, all: readonly Candidate[]): boolean {
  return antiAffinity(pod).some((term) => podsNear(term, candidate, all).some((other) => isMeant(term, pod, other)))
}

function isKeptAway(pod: Pod, candidate: Candidate, all: readonly Candidate[]): boolean {
  return all.some((place) =>
    place.pods.some((other) =>
      antiAffinity(other).some((term) => isNear(term, candidate, place) && isMeant(term, other, pod)),
    ),
  )
}

function antiAffinity({ spec }: Pod): readonly PodAffinityTerm[] {
  return spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
}

function podsNear(term: PodAffinityTerm, candidate: Candidate, all: readonly Candidate[]): readonly Pod[] {
  return all.filter((place) => isNear(term, candidate, place)).flatMap(({ pods }) => pods)
}

/** Both nodes have the label, with the same value. */
function isNear({ topologyKey }: PodAffinityTerm, a: Candidate, b: Candidate): boolean {
  const place = a.node.metadata.labels?.[topologyKey]
  return place !== undefined && b.node.metadata.labels?.[topologyKey] === place
}

/** Whether `owner`'s term is about `other`. A selector of namespaces that is there counts as all of them. */
function isMeant(term: PodAffinityTerm, owner: Pod, other: Pod): boolean {
  const { labelSelector, namespaces = [], namespaceSelector } = term
  const own = namespaces.length > 0 ? namespaces : [owner.metadata.namespace ?? '']
  const isThere = namespaceSelector !== undefined || own.includes(other.metadata.namespace ?? '')
  return isThere && labelSelector !== undefined && matchesLabels(labelSelector, other.metadata.labels)
}
