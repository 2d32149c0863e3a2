import { isConflict, isNotFound, matchesLabels, ownerReferenceTo, refTo } from '@nexus/kube'
import type { Kind, KubeClient, KubeObject, LabelSelector } from '@nexus/kube'
import { controllerOf, isBeingDeleted, isControlledBy } from './objects.ts'

/** Who owns objects, by labels. */
export interface Claimant<T extends KubeObject> {
  readonly owner: KubeObject
  readonly selector: LabelSelector
  /** Of what is to be owned. */
  readonly kind: Kind<T>
}

/**
 * The objects that an owner has after it took those that fit its selector and belong to nobody, and let go those that fit no
 * more (`ControllerRefManager` in kubernetes pkg/controller). An owner that is going takes none.
 */
export async function claimObjects<T extends KubeObject>(
  kube: KubeClient,
  { owner, selector, kind }: Claimant<T>,
  candidates: readonly T[],
): Promise<T[]> {
  const claimed = await Promise.all(
    candidates.map(async (object) => {
      const fits = matchesLabels(selector, object.metadata.labels)
      if (isControlledBy(object, owner)) {
        if (fits || isBeingDeleted(owner)) return [object]
        await unlessChanged(release(kube, kind, object, owner))
        return []
      }
      const isFree = controllerOf(object) === undefined && fits && !isBeingDeleted(object)
      return isFree && !isBeingDeleted(owner) ? unlessChanged(adopt(kube, kind, object, owner)) : []
    }),
  )
  return claimed.flat()
}

async function adopt<T extends KubeObject>(
  kube: KubeClient,
  kind: Kind<T>,
  object: T,
  owner: KubeObject,
): Promise<T[]> {
  const { uid, ownerReferences = [] } = object.metadata
  const body = {
    metadata: { uid, ownerReferences: [...ownerReferences, ownerReferenceTo(owner, { controller: true })] },
  }
  return [await patchCurrent(kube, kind, object, body)]
}

async function release<T extends KubeObject>(
  kube: KubeClient,
  kind: Kind<T>,
  object: T,
  owner: KubeObject,
): Promise<T[]> {
  const { uid, ownerReferences = [] } = object.metadata
  const others = ownerReferences.filter((reference) => reference.uid !== owner.metadata.uid)
  return [await patchCurrent(kube, kind, object, { metadata: { uid, ownerReferences: others } })]
}

/** The list is written whole, so only over the version that it was read from. */
function patchCurrent<T extends KubeObject>(
  kube: KubeClient,
  kind: Kind<T>,
  object: T,
  { metadata }: { metadata: object },
): Promise<T> {
  const { resourceVersion } = object.metadata
  return kube.patch(refTo(kind, object.metadata), {
    type: 'merge',
    body: { metadata: { ...metadata, resourceVersion } },
  })
}

/** Somebody else was faster, or the object has gone: its change brings us back here. */
async function unlessChanged<T>(claimed: Promise<T[]>): Promise<T[]> {
  try {
    return await claimed
  } catch (thrown) {
    if (isNotFound(thrown) || isConflict(thrown)) return []
    throw thrown
  }
}
