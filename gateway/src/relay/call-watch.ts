import { UpstreamError, type UpstreamCall } from '../client/upstream-client.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { clientClosed } from '../exchange/refusals.ts'

/**
 * Ends a call whose upstream is silent for too long, or whose client has gone. Only waiting for the upstream counts.
 *
 * One timer for all phases of a call: what happens in between only moves a number, and the timer is set anew when it
 * fires too early. A timer per piece would cost more than passing the piece on.
 */
export class CallWatch {
  readonly #call: UpstreamCall
  readonly #exchange: Exchange
  readonly #now: () => number
  /** When the whole answer is due. */
  readonly #deadlineMs: number
  #sinceMs = Infinity
  #limitMs = 0
  #timer: NodeJS.Timeout | undefined
  #timerDueMs = Infinity
  #beat: (() => void) | undefined
  #beatMs = 0
  #beatDueMs = Infinity

  /** @param totalMs for the whole answer; 0 means no limit */
  constructor(call: UpstreamCall, exchange: Exchange, now: () => number, totalMs: number) {
    this.#call = call
    this.#exchange = exchange
    this.#now = now
    this.#deadlineMs = totalMs > 0 ? now() + totalMs : Infinity
    this.attach()
  }

  /** Listens for the client's leave, from now on alone. */
  attach(): void {
    this.#exchange.whenClientGone(() => this.#abort(clientClosed()))
  }

  /** From now on the upstream has `limitMs` milliseconds. */
  expect(limitMs: number): void {
    this.#sinceMs = this.#now()
    this.#limitMs = limitMs
    this.#schedule(Math.min(this.#sinceMs + limitMs, this.#deadlineMs))
  }

  /** The upstream is not waited for. */
  pause(): void {
    this.#sinceMs = Infinity
  }

  /** Calls `beat` while the upstream is waited for, each time that `beatMs` milliseconds have gone by without a piece. */
  beatWhileSilent(beatMs: number, beat: () => void): void {
    this.#beatMs = beatMs
    this.#beat = beat
    this.hush()
  }

  /** Something was sent: the next beat is not due yet. */
  hush(): void {
    if (this.#beat !== undefined) this.#beatDueMs = this.#now() + this.#beatMs
  }

  /** Lets go of the client and of time. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#exchange.whenClientGone(undefined)
  }

  #schedule(dueMs: number): void {
    const soonestMs = Math.min(dueMs, this.#beatDueMs)
    if (this.#timer === undefined || soonestMs < this.#timerDueMs) this.#wakeAt(soonestMs)
  }

  #wakeAt(dueMs: number): void {
    clearTimeout(this.#timer)
    this.#timerDueMs = dueMs
    this.#timer = setTimeout(this.#onTime, Math.max(1, Math.ceil(dueMs - this.#now())))
  }

  readonly #onTime = (): void => {
    this.#timer = undefined
    const nowMs = this.#now()
    if (nowMs >= this.#deadlineMs) return this.#abort(new UpstreamError('timeout', 'the answer took too long'))
    // While the client is waited for there is nothing to do, but there will be.
    if (this.#sinceMs === Infinity) return this.#wakeAt(Math.min(nowMs + this.#limitMs, this.#deadlineMs))
    const dueMs = this.#sinceMs + this.#limitMs
    if (nowMs >= dueMs) return this.#abort(silence(this.#limitMs))
    if (nowMs >= this.#beatDueMs) {
      this.#beatDueMs = nowMs + this.#beatMs
      this.#beat?.()
    }
    this.#schedule(Math.min(dueMs, this.#deadlineMs))
  }

  /** Leaves the client's listener alone: by now it may be another call's. */
  #abort(reason: Error): void {
    clearTimeout(this.#timer)
    this.#call.abort(reason)
  }
}

function silence(limitMs: number): UpstreamError {
  return new UpstreamError('timeout', `the upstream sent nothing for ${limitMs} ms`)
}
