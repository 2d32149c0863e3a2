import type { Faults } from './faults.ts'
import { NO_FAULTS } from './faults.ts'

/** Clients name what is counted, so the oldest is forgotten when there are too many. */
const MAX_COUNTED = 1000

/** Lets a fault happen a number of times and then no more: how a retry is seen to help. */
export class Recurrence {
  readonly #seen = new Map<string, number>()

  /** The faults of this request: none when `times=N` requests of the same `id` have had them. */
  admit(faults: Faults): Faults {
    const times = faults.value('times')
    if (times === undefined) return faults
    const seen = this.#seen.get(faults.id) ?? 0
    this.#count(faults.id, seen + 1)
    return seen < times ? faults : NO_FAULTS
  }

  #count(id: string, seen: number): void {
    this.#seen.set(id, seen)
    if (this.#seen.size <= MAX_COUNTED) return
    const [oldest] = this.#seen.keys()
    if (oldest !== undefined) this.#seen.delete(oldest)
  }
}
