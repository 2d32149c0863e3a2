import type { ApiObject } from '../object.ts'

/** One change of one object, as watchers see it. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly version: number
  /** The object after the change; of a deletion the last state, with the deletion's version. */
  readonly object: ApiObject
  /** The object before the change: a selector may have matched it. */
  readonly previous?: ApiObject
}

/** How many changes of one resource a watch can look back. kube-apiserver starts its window at 100 and grows it. */
const WINDOW = 2_000

/** The last changes of one resource: what a watch that starts in the past replays. */
export class History {
  readonly #changes: Change[] = []
  /** Every change after this version is kept. */
  #floor: number

  constructor(floor: number) {
    this.#floor = floor
  }

  add(change: Change): void {
    this.#changes.push(change)
    // Trimmed in batches: shifting a long array for each change would cost more than the change.
    if (this.#changes.length < WINDOW * 2) return
    const dropped = this.#changes.splice(0, this.#changes.length - WINDOW)
    this.#floor = dropped.at(-1)?.version ?? this.#floor
  }

  /** The oldest version a watch can start from. */
  get floor(): number {
    return this.#floor
  }

  /** The changes after `version`, oldest first, or undefined where some of them are forgotten. */
  since(version: number): readonly Change[] | undefined {
    if (version < this.#floor) return undefined
    const start = this.#changes.findIndex((change) => change.version > version)
    return start < 0 ? [] : this.#changes.slice(start)
  }
}
