import type { WatchEvent } from '../client.ts'
import type { KubeObject } from '../objects.ts'

type Change<T extends KubeObject> = Exclude<WatchEvent<T>, { type: 'SYNCED' }>

/** What a watch has told its consumer so far, so that a new list can be told as changes. */
export class KnownObjects<T extends KubeObject> {
  #objects = new Map<string, T>()

  /** Remembers a change that the server sent. */
  record({ type, object }: Change<T>): void {
    if (type === 'DELETED') this.#objects.delete(keyOf(object))
    else this.#objects.set(keyOf(object), object)
  }

  /**
   * The changes that lead from what is known to `items`, remembered as each is pulled. An object that was deleted and made
   * again under its name (another uid) is told as both.
   */
  *reconcile(items: readonly T[]): Generator<Change<T>> {
    const present = new Set(items.map(keyOf))
    for (const [key, object] of this.#objects) {
      if (!present.has(key)) yield this.#tell({ type: 'DELETED', object })
    }
    for (const object of items) {
      const before = this.#objects.get(keyOf(object))
      if (before === undefined) yield this.#tell({ type: 'ADDED', object })
      else if (before.metadata.uid !== object.metadata.uid) {
        yield this.#tell({ type: 'DELETED', object: before })
        yield this.#tell({ type: 'ADDED', object })
      } else if (before.metadata.resourceVersion !== object.metadata.resourceVersion) {
        yield this.#tell({ type: 'MODIFIED', object })
      }
    }
  }

  #tell(change: Change<T>): Change<T> {
    this.record(change)
    return change
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}
