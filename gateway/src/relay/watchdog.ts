import { UpstreamError } from './upstream-client.ts'

/** Ends a call whose upstream is silent for too long, or whose client has gone. Only waiting for the upstream counts. */
export class Watchdog {
  readonly #controller = new AbortController()
  readonly #clientGone: AbortSignal
  readonly #onGone: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(clientGone: AbortSignal) {
    this.#clientGone = clientGone
    this.#onGone = () => this.#controller.abort(clientGone.reason)
    if (clientGone.aborted) this.#onGone()
    clientGone.addEventListener('abort', this.#onGone, { once: true })
  }

  /** Aborted with the client's reason, or with an `UpstreamError` of kind `timeout`. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** From now on the upstream has `ms` milliseconds. */
  arm(ms: number): void {
    this.disarm()
    this.#timer = setTimeout(() => this.#controller.abort(silence(ms)), ms)
  }

  disarm(): void {
    clearTimeout(this.#timer)
  }

  /** Ends the call if it still runs, and lets go of the client's signal. */
  close(): void {
    this.disarm()
    this.#clientGone.removeEventListener('abort', this.#onGone)
    this.#controller.abort()
  }
}

function silence(ms: number): UpstreamError {
  return new UpstreamError('timeout', `the upstream sent nothing for ${ms} ms`)
}
