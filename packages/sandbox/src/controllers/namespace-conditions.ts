import type { Condition, Kind, KubeObject } from '@nexus/kube'

/** What is left of one kind in a namespace that is being emptied. */
export interface Remainder {
  readonly kind: Kind
  readonly objects: readonly KubeObject[]
}

/**
 * What a namespace that is on its way out says of itself, in the words of kube-controller-manager
 * (`pkg/controller/namespace/deletion/status_condition_utils.go`). A condition that has not changed keeps its time.
 */
export function namespaceConditions(
  remainders: readonly Remainder[],
  before: readonly Condition[],
  now: string,
): Condition[] {
  const conditions = [...DELETION, contentCondition(remainders), finalizerCondition(remainders)]
  return conditions.map((condition) => {
    const known = before.find(({ type }) => type === condition.type)
    const lastTransitionTime = known?.status === condition.status ? (known.lastTransitionTime ?? now) : now
    const { type, status, reason, message } = condition
    return { type, status, lastTransitionTime, reason, message }
  })
}

interface Finding {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

/** What can go wrong with the deletion itself; here nothing does. */
const DELETION: readonly Finding[] = [
  {
    type: 'NamespaceDeletionDiscoveryFailure',
    status: 'False',
    reason: 'ResourcesDiscovered',
    message: 'All resources successfully discovered',
  },
  {
    type: 'NamespaceDeletionGroupVersionParsingFailure',
    status: 'False',
    reason: 'ParsedGroupVersions',
    message: 'All legacy kube types successfully parsed',
  },
  {
    type: 'NamespaceDeletionContentFailure',
    status: 'False',
    reason: 'ContentDeleted',
    message: 'All content successfully deleted, may be waiting on finalization',
  },
]

function contentCondition(remainders: readonly Remainder[]): Finding {
  const type = 'NamespaceContentRemaining'
  const counts = remainders
    .filter(({ objects }) => objects.length > 0)
    .map(({ kind, objects }) => `${resourceOf(kind)} has ${objects.length} resource instances`)
  if (counts.length === 0)
    return { type, status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed' }
  const message = `Some resources are remaining: ${counts.sort().join(', ')}`
  return { type, status: 'True', reason: 'SomeResourcesRemain', message }
}

/** `configmaps.`, `deployments.apps`: a resource with its group. */
function resourceOf({ plural, apiVersion }: Kind): string {
  return `${plural}.${apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''}`
}

function finalizerCondition(remainders: readonly Remainder[]): Finding {
  const type = 'NamespaceFinalizersRemaining'
  const finalizers = remainders.flatMap(({ objects }) => objects.flatMap(({ metadata }) => metadata.finalizers ?? []))
  const counts = [...new Set(finalizers)]
    .sort()
    .map((name) => `${name} in ${finalizers.filter((other) => other === name).length} resource instances`)
  if (counts.length === 0) {
    const message = 'All content-preserving finalizers finished'
    return { type, status: 'False', reason: 'ContentHasNoFinalizers', message }
  }
  const message = `Some content in the namespace has finalizers remaining: ${counts.join(', ')}`
  return { type, status: 'True', reason: 'SomeFinalizersRemain', message }
}
