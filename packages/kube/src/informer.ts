import type { KubeClient, ListQuery, WatchEvent } from './client.ts'
import { matchesLabels } from './labels.ts'
import type { LabelSelector } from './labels.ts'
import type { KubeObject } from './objects.ts'

/** A change as an informer tells it; `previous` is what its store held before. */
export interface InformerChange<T extends KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: T
  readonly previous?: T | undefined
}

export type InformerListener<T extends KubeObject> = (change: InformerChange<T>) => void

/** A local copy of the objects of one query, kept current by a watch. Its objects are shared: read them, copy to change. */
export interface Informer<T extends KubeObject> {
  get(name: string, namespace?: string): T | undefined
  list(filter?: { namespace?: string; labels?: LabelSelector | Record<string, string> }): T[]
  /** Resolves when everything that existed has arrived; rejects when the watch cannot begin, or ends before. */
  readonly synced: Promise<void>
  /**
   * Calls `listener` with each change from now on, after the store has it; what is there already is in `list()`. Returns the
   * function that ends it.
   */
  onChange(listener: InformerListener<T>): () => void
  /** Resolves when the watch has ended, whatever ended it. */
  readonly stopped: Promise<void>
}

export interface InformerOptions {
  /** Ends the watch; the store stays readable. */
  readonly signal: AbortSignal
  /** Told what ended the watch for good (no right to watch, no such kind), and what a listener threw. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/**
 * Follows the objects of `query` in a local store.
 *
 * `const pods = startInformer(kube, { kind: Kinds.Pod }, { signal }); await pods.synced; pods.list({ namespace: 'demo' })`
 */
export function startInformer<T extends KubeObject>(
  kube: KubeClient,
  query: ListQuery<T>,
  options: InformerOptions,
): Informer<T> {
  return new Store(kube, query, options)
}

class Store<T extends KubeObject> implements Informer<T> {
  readonly synced: Promise<void>
  readonly stopped: Promise<void>
  readonly #objects = new Map<string, T>()
  readonly #listeners = new Set<InformerListener<T>>()
  readonly #onError: (error: unknown) => void

  constructor(kube: KubeClient, query: ListQuery<T>, { signal, onError = () => {} }: InformerOptions) {
    this.#onError = onError
    const synced = Promise.withResolvers<void>()
    this.synced = synced.promise
    // Whoever does not wait for `synced` hears of failures by `onError`.
    this.synced.catch(() => {})
    this.stopped = this.#follow(kube.watch(query, { signal }), synced.resolve).then(
      () => synced.reject(signal.reason ?? new Error('The watch ended.')),
      (error: unknown) => {
        synced.reject(error)
        onError(error)
      },
    )
  }

  get(name: string, namespace?: string): T | undefined {
    return this.#objects.get(keyOf(name, namespace))
  }

  list({ namespace, labels }: { namespace?: string; labels?: LabelSelector | Record<string, string> } = {}): T[] {
    const found: T[] = []
    for (const object of this.#objects.values()) {
      if (namespace !== undefined && object.metadata.namespace !== namespace) continue
      if (labels === undefined || matchesLabels(labels, object.metadata.labels)) found.push(object)
    }
    return found
  }

  onChange(listener: InformerListener<T>): () => void {
    // A function of its own, so that a listener given twice is called twice and ended one by one.
    const own: InformerListener<T> = (change) => listener(change)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  async #follow(events: AsyncIterable<WatchEvent<T>>, onSynced: () => void): Promise<void> {
    for await (const event of events) {
      if (event.type === 'SYNCED') onSynced()
      else this.#tell(this.#store(event))
    }
  }

  #store({ type, object }: Exclude<WatchEvent<T>, { type: 'SYNCED' }>): InformerChange<T> {
    const key = keyOf(object.metadata.name, object.metadata.namespace)
    const previous = this.#objects.get(key)
    if (type === 'DELETED') this.#objects.delete(key)
    else this.#objects.set(key, object)
    return { type, object, previous }
  }

  #tell(change: InformerChange<T>): void {
    for (const listener of this.#listeners) {
      try {
        listener(change)
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}

function keyOf(name: string, namespace = ''): string {
  return `${namespace}/${name}`
}
