const BUCKET_MS = 1_000
const BUCKETS = 10

/** Retries that every window may have, so that a gateway with few requests can retry at all. */
const LEAST_RETRIES = 10

/** What a {@link RetryBudget} works with. */
interface RetryBudgetOptions {
  readonly percent: number
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/**
 * How many retries there may be: a share of the requests of the last 10 s. When most calls fail, retries must not
 * multiply the load that made them fail.
 */
export class RetryBudget {
  /** Retries in percent of requests; 0 allows none. */
  percent: number
  readonly #now: () => number
  readonly #requests = new Float64Array(BUCKETS)
  readonly #retries = new Float64Array(BUCKETS)
  /** The bucket of now, counted from the clock's zero. */
  #bucket: number

  constructor({ percent, now }: RetryBudgetOptions) {
    this.percent = percent
    this.#now = now
    this.#bucket = Math.floor(now() / BUCKET_MS)
  }

  /** Counts a request: not its retries. */
  note(): void {
    this.#advance()
    const slot = this.#bucket % BUCKETS
    this.#requests[slot] = (this.#requests[slot] ?? 0) + 1
  }

  /** Takes one retry, if there is one left. */
  take(): boolean {
    if (this.percent === 0) return false
    this.#advance()
    const allowed = Math.max(LEAST_RETRIES, Math.floor((sum(this.#requests) * this.percent) / 100))
    if (sum(this.#retries) >= allowed) return false
    const slot = this.#bucket % BUCKETS
    this.#retries[slot] = (this.#retries[slot] ?? 0) + 1
    return true
  }

  /** Clears the buckets whose seconds came round again. */
  #advance(): void {
    const current = Math.floor(this.#now() / BUCKET_MS)
    const passed = Math.min(BUCKETS, current - this.#bucket)
    for (let ahead = 1; ahead <= passed; ahead += 1) {
      const slot = (this.#bucket + ahead) % BUCKETS
      this.#requests[slot] = 0
      this.#retries[slot] = 0
    }
    if (passed > 0) this.#bucket = current
  }
}

function sum(buckets: Float64Array): number {
  let total = 0
  for (const count of buckets) total += count
  return total
}
