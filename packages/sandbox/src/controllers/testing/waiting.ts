import { isNotFound } from '@nexus/kube'
import type { KubeClient, KubeObject, ObjectRef } from '@nexus/kube'

const PATIENCE_MS = 15_000

/** The object as soon as it is as wanted. */
export async function waitForObject<T extends KubeObject>(
  kube: KubeClient,
  ref: ObjectRef<T>,
  isWanted: (object: T) => boolean,
): Promise<T> {
  let last: T | undefined
  try {
    for await (const event of kube.watch(queryOf(ref), { signal: AbortSignal.timeout(PATIENCE_MS) })) {
      if (event.type !== 'ADDED' && event.type !== 'MODIFIED') continue
      last = event.object
      if (isWanted(last)) return last
    }
  } catch (thrown) {
    throw new Error(`${ref.kind.kind} ${ref.name} is not as wanted: ${JSON.stringify(last)}`, { cause: thrown })
  }
  throw new Error(`${ref.kind.kind} ${ref.name} is not as wanted: ${JSON.stringify(last)}`)
}

/** Resolves when there is no such object any more. */
export async function waitForDeletion<T extends KubeObject>(kube: KubeClient, ref: ObjectRef<T>): Promise<void> {
  for await (const event of kube.watch(queryOf(ref), { signal: AbortSignal.timeout(PATIENCE_MS) })) {
    if (event.type === 'DELETED' || (event.type === 'SYNCED' && !(await exists(kube, ref)))) return
  }
  throw new Error(`${ref.kind.kind} ${ref.name} is still there`)
}

function queryOf<T extends KubeObject>({ kind, namespace, name }: ObjectRef<T>) {
  return { kind, namespace, fieldSelector: `metadata.name=${name}` }
}

async function exists<T extends KubeObject>(kube: KubeClient, ref: ObjectRef<T>): Promise<boolean> {
  try {
    await kube.get(ref)
    return true
  } catch (thrown) {
    if (isNotFound(thrown)) return false
    throw thrown
  }
}
