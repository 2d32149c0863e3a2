import { Kinds, startInformer } from '@nexus/kube'
import type { ConfigMap, KubeClient, KubeObject, Secret } from '@nexus/kube'

/** A Secret or ConfigMap that volumes are made of. */
export interface WatchedObject {
  readonly kind: 'Secret' | 'ConfigMap'
  readonly namespace: string
  readonly name: string
}

/** Told of the version that is known already, and of each one from then on; undefined when it is gone. */
export type ObjectListener = (object: KubeObject | undefined) => void

interface Entry {
  readonly life: AbortController
  readonly listeners: Set<ObjectListener>
  /** As the watch has told it last. */
  readonly known: () => KubeObject | undefined
}

/**
 * Watches the single objects that volumes of running pods are made of, as kubelets do: one watch for each, however many
 * pods use it, and none where nobody does.
 */
export class ObjectWatcher {
  readonly #kube: KubeClient
  readonly #log: (message: string) => void
  readonly #entries = new Map<string, Entry>()

  constructor(kube: KubeClient, log: (message: string) => void) {
    this.#kube = kube
    this.#log = log
  }

  /** Calls `listener` until the function that it returns is called. */
  follow(object: WatchedObject, listener: ObjectListener): () => void {
    const key = `${object.kind}/${object.namespace}/${object.name}`
    const entry = this.#entries.get(key) ?? this.#start(object)
    this.#entries.set(key, entry)
    entry.listeners.add(listener)
    // Who has looked for itself may have seen an older one, of whose change the others were told already.
    const known = entry.known()
    if (known !== undefined) listener(known)
    return () => {
      entry.listeners.delete(listener)
      if (entry.listeners.size > 0 || this.#entries.get(key) !== entry) return
      this.#entries.delete(key)
      entry.life.abort()
    }
  }

  #start({ kind, namespace, name }: WatchedObject): Entry {
    const life = new AbortController()
    const listeners = new Set<ObjectListener>()
    const query = { namespace, fieldSelector: `metadata.name=${name}` }
    const onError = (error: unknown): void => {
      if (!life.signal.aborted) this.#log(`${kind} ${namespace}/${name}: ${String(error)}`)
    }
    const options = { signal: life.signal, onError }
    const informer =
      kind === 'Secret'
        ? startInformer<Secret>(this.#kube, { kind: Kinds.Secret, ...query }, options)
        : startInformer<ConfigMap>(this.#kube, { kind: Kinds.ConfigMap, ...query }, options)
    informer.onChange(({ type, object }) => {
      for (const listener of listeners) listener(type === 'DELETED' ? undefined : object)
    })
    // A watch that cannot begin is told to `onError`.
    informer.synced.catch(() => {})
    return { life, listeners, known: () => informer.get(name, namespace) }
  }
}
