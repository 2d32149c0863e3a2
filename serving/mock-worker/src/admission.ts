/** Lets a number of requests run at once and makes the others wait in the order they came. */
export class Admission {
  readonly #maxRunning: number
  readonly #queue: (() => void)[] = []
  #running = 0

  /** `maxRunning` 0: no limit. */
  constructor(maxRunning: number) {
    this.#maxRunning = maxRunning
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** Waits for a place and runs `task` in it; rejects with the signal's reason when the client leaves the queue. */
  async run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    if (this.#maxRunning > 0 && this.#running >= this.#maxRunning) await this.#wait(signal)
    else this.#running++
    try {
      return await task()
    } finally {
      const next = this.#queue.shift()
      if (next === undefined) this.#running--
      else next() // the place changes hands: whoever comes now does not overtake
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        this.#queue.splice(this.#queue.indexOf(enter), 1)
        reject(new Error('The client left the queue.', { cause: signal.reason }))
      }
      this.#queue.push(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }
}
