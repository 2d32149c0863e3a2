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
/** The characters of JSON that these changes may have: a few large objects must not cost more than many small ones. */
const MAX_CHARACTERS = 32 * 1024 * 1024

/** The last changes of one resource: what a watch that starts in the past replays. */
export class History {
  readonly #changes: Change[] = []
  /** The characters of each change, and of all of them. */
  readonly #sizes: number[] = []
  #characters = 0
  /** Every change after this version is kept. */
  #floor: number

  constructor(floor: number) {
    this.#floor = floor
  }

  /** `characters`: the length of the object's JSON. */
  add(change: Change, characters: number): void {
    this.#changes.push(change)
    this.#sizes.push(characters)
    this.#characters += characters
    // Trimmed in batches: shifting a long array for each change would cost more than the change.
    if (this.#changes.length >= WINDOW * 2 || this.#characters > MAX_CHARACTERS) this.#trim()
  }

  #trim(): void {
    let count = 0
    while (this.#changes.length - count > WINDOW || this.#characters > MAX_CHARACTERS / 2) {
      this.#characters -= this.#sizes[count] ?? 0
      count += 1
    }
    this.#sizes.splice(0, count)
    this.#floor = this.#changes.splice(0, count).at(-1)?.version ?? this.#floor
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
