import { isDeepStrictEqual } from 'node:util'
import { isNotFound, Kinds, KubeApiError, refTo } from '@nexus/kube'
import type { Kind, KubeObject, Namespace } from '@nexus/kube'
import { namespaceConditions } from './namespace-conditions.ts'
import type { Remainder } from './namespace-conditions.ts'
import { BUILT_IN_KINDS, customKind } from './runtime/informers.ts'
import { runReconciler, watching } from './runtime/controller.ts'
import type { ControllerContext } from './runtime/controller.ts'
import { isBeingDeleted, keyOf, timestamp } from './runtime/objects.ts'
import type { Requeue } from './runtime/work-queue.ts'

/** The finalizer in `spec.finalizers` that stands for everything a namespace contains. */
const CONTENT = 'kubernetes'

/** How soon a namespace that is not empty yet is looked at again: its pods may need their time to end. */
const SHORTEST_PAUSE_MS = 250
/** One that waits for a finalizer may never be empty. */
const LONGEST_PAUSE_MS = 10_000

/** Empties namespaces that are being deleted, then lets them go. */
export async function runNamespaceController(context: ControllerContext): Promise<void> {
  const { informers } = context
  await informers.of(Kinds.CustomResourceDefinition).synced
  await runReconciler(context, {
    name: 'namespace',
    sources: [watching(informers.of(Kinds.Namespace), (namespace) => [keyOf(namespace)])],
    reconcile: (key) => reconcileNamespace(context, key),
  })
}

async function reconcileNamespace(context: ControllerContext, name: string): Promise<Requeue | undefined> {
  const namespace = context.informers.of(Kinds.Namespace).get(name)
  if (namespace === undefined || !isBeingDeleted(namespace)) return undefined
  if (namespace.spec?.finalizers?.includes(CONTENT) !== true) return undefined
  const custom = context.informers
    .of(Kinds.CustomResourceDefinition)
    .list()
    .flatMap((crd) => customKind(crd) ?? [])
  const kinds = [...BUILT_IN_KINDS, ...custom].filter((kind) => kind.namespaced)
  const remainders = await Promise.all(kinds.map((kind) => deleteAll(context, kind, name)))
  if (remainders.every(({ objects }) => objects.length === 0)) {
    await finalize(context, namespace)
    return undefined
  }
  await tellWhatRemains(context, namespace, remainders)
  return { requeueAfterMs: pauseFor(namespace, context.now()) }
}

/** The longer it has taken, the rarer: a twentieth of that time. */
function pauseFor({ metadata }: Namespace, now: Date): number {
  const since = Date.parse(metadata.deletionTimestamp ?? '')
  return Math.max(SHORTEST_PAUSE_MS, Math.min(LONGEST_PAUSE_MS, (now.getTime() - since) / 20))
}

/** Resolves with what is left; deleted objects may need a moment to be gone. */
async function deleteAll(context: ControllerContext, kind: Kind, namespace: string): Promise<Remainder> {
  const { kube, signal } = context
  const items = await listAll(context, kind, namespace)
  for (const { metadata } of items.filter((item) => !isBeingDeleted(item))) {
    await kube.delete(refTo(kind, metadata), { propagationPolicy: 'Background', signal }).catch((thrown: unknown) => {
      if (!isNotFound(thrown)) throw thrown
    })
  }
  return { kind, objects: items.length === 0 ? items : await listAll(context, kind, namespace) }
}

async function listAll({ kube, signal }: ControllerContext, kind: Kind, namespace: string): Promise<KubeObject[]> {
  try {
    return (await kube.list({ kind, namespace }, { signal })).items
  } catch (thrown) {
    if (isNotServed(thrown)) return []
    throw thrown
  }
}

async function tellWhatRemains(
  { kube, now }: ControllerContext,
  { metadata, status }: Namespace,
  remainders: readonly Remainder[],
): Promise<void> {
  const before = status?.conditions ?? []
  const conditions = namespaceConditions(remainders, before, timestamp(now()))
  if (isDeepStrictEqual(conditions, before)) return
  const patch = { type: 'merge', body: { status: { conditions } } } as const
  await kube.patch(refTo(Kinds.Namespace, metadata), patch, { subresource: 'status' }).catch((thrown: unknown) => {
    if (!isNotFound(thrown)) throw thrown
  })
}

/** A kind that this server does not serve, or not as a list. */
function isNotServed(thrown: unknown): boolean {
  return thrown instanceof KubeApiError && (thrown.status === 404 || thrown.status === 405)
}

async function finalize({ kube }: ControllerContext, namespace: Namespace): Promise<void> {
  const finalizers = namespace.spec?.finalizers?.filter((finalizer) => finalizer !== CONTENT) ?? []
  const { uid, resourceVersion, name } = namespace.metadata
  const metadata = {
    name,
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
  }
  const emptied: Namespace = { ...namespace, metadata: { ...namespace.metadata, ...metadata }, spec: { finalizers } }
  await kube.replace(emptied, { subresource: 'finalize' }).catch((thrown: unknown) => {
    if (!isNotFound(thrown)) throw thrown
  })
}
