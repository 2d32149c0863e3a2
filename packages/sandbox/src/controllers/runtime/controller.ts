import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '@nexus/core'
import { isConflict } from '@nexus/kube'
import type { Informer, InformerChange, KubeClient, KubeObject } from '@nexus/kube'
import { isNamespaceLeaving } from '../../namespace-leaving.ts'
import type { EventRecorder } from './events.ts'
import type { SharedInformers } from './informers.ts'
import { createWorkQueue } from './work-queue.ts'
import type { Requeue, WorkQueue } from './work-queue.ts'

/** What every controller works with. */
export interface ControllerContext {
  readonly kube: KubeClient
  readonly informers: SharedInformers
  readonly events: EventRecorder
  readonly log: (line: string) => void
  readonly now: () => Date
  /** Aborted when the controllers stop. */
  readonly signal: AbortSignal
}

/** Objects whose changes mean work, and for which keys. Made by `watching`. */
export interface Source {
  readonly synced: Promise<void>
  /** Tells the keys of everything that exists, then those of each change. Returns the function that ends it. */
  feed(add: (key: string) => void): () => void
}

/** The keys that an object, or its change, means work for. */
export type KeysOf<T extends KubeObject> = (object: T, change?: InformerChange<T>) => readonly string[]

export function watching<T extends KubeObject>(informer: Informer<T>, keysOf: KeysOf<T>): Source {
  return {
    synced: informer.synced,
    feed(add) {
      const unsubscribe = informer.onChange((change) => {
        const before = change.previous === undefined ? [] : keysOf(change.previous)
        for (const key of new Set([...before, ...keysOf(change.object, change)])) add(key)
      })
      for (const object of informer.list()) for (const key of keysOf(object)) add(key)
      return unsubscribe
    },
  }
}

export interface ReconcilerOptions {
  /** For the log. */
  readonly name: string
  readonly sources: readonly Source[]
  /** Brings one object closer to what is wanted. Must do nothing when there is nothing to do. */
  readonly reconcile: (key: string) => Promise<Requeue | undefined | void>
  /** Keys worked on side by side. Default 4. */
  readonly concurrency?: number
  /** Everything is looked at again this often, in milliseconds. Default 10 minutes. */
  readonly resyncMs?: number
}

/**
 * Runs one controller until its context ends: waits for the informers, then reconciles every key that exists and every key
 * that changes; failures are retried with growing pauses. Resolves when the last reconciliation has ended.
 */
export async function runReconciler(context: ControllerContext, options: ReconcilerOptions): Promise<void> {
  const { name, sources, reconcile, concurrency = 4, resyncMs = 600_000 } = options
  const { signal, log } = context
  await Promise.all(sources.map((source) => source.synced))
  const queue = createWorkQueue({
    concurrency,
    handle: async (key) => (signal.aborted ? undefined : ((await reconcile(key)) ?? undefined)),
    onError: (key, thrown) => {
      // Somebody wrote or deleted in between: the next try sees it, and nobody needs to hear of it.
      if (!signal.aborted && !isConflict(thrown) && !isNamespaceLeaving(thrown))
        log(`${name} ${key}: ${messageOf(thrown)}`)
    },
  })
  await feedUntilAborted(queue, sources, { resyncMs, signal })
  await queue.close()
}

async function feedUntilAborted(
  queue: WorkQueue,
  sources: readonly Source[],
  { resyncMs, signal }: { resyncMs: number; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    const unsubscribes = sources.map((source) => source.feed((key) => queue.add(key)))
    await delay(resyncMs, undefined, { signal }).catch(() => {})
    for (const unsubscribe of unsubscribes) unsubscribe()
  }
}
