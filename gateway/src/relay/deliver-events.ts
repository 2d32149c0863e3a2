import { UpstreamError } from '../client/upstream-client.ts'
import { GatewayError } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { hasLeft, refusalFor, type DeliverOptions, type RelayOutcome } from './delivery.ts'
import { renderErrorEvent } from './error-event.ts'
import { EventTap } from './event-tap.ts'
import { clientHeaders } from './headers.ts'
import type { OpenedAnswer } from './open-answer.ts'

const HEARTBEAT = Buffer.from(': keep-alive\n\n')

/**
 * Passes an event stream on.
 *
 * @param opening has seen what was read so far
 */
export async function deliverEvents(
  opened: OpenedAnswer,
  opening: EventTap,
  options: DeliverOptions,
): Promise<RelayOutcome> {
  // The tap that saw the opening left nothing out.
  const tap = options.stripUsage ? new EventTap(true) : opening
  try {
    await relayEvents(opened, tap, options)
  } catch (error) {
    // What breaks behind [DONE] takes nothing from the client.
    if (!tap.isLast || hasLeft(error, options.exchange)) return endEvents(tap, options, error)
    options.exchange.end()
  }
  const { usage, deltas } = tap
  if (tap.failure === undefined) return { kind: 'complete', usage, deltas }
  const message = `The upstream ${options.upstream} reported an error in its stream.`
  return { kind: 'cut', error: new GatewayError('upstream_error', message), usage, deltas }
}

async function relayEvents(opened: OpenedAnswer, tap: EventTap, options: DeliverOptions): Promise<void> {
  const { exchange, idleMs, heartbeatMs, onToken } = options
  const { watch, now, first } = opened
  exchange.open(opened.status, clientHeaders(opened.headers, options.headers))
  for (const piece of first) {
    const bytes = options.stripUsage ? tap.push(piece) : piece
    if (bytes.length > 0) await exchange.write(bytes)
  }
  first.length = 0 // its memory is not needed for as long as the rest takes
  if (tap.deltas > 0) onToken?.(now())
  const heart = heartbeatMs > 0 ? new Heart(exchange, tap) : undefined
  if (heart !== undefined) watch.beatWhileSilent(heartbeatMs, heart.beat)
  while (!opened.isWhole) {
    watch.expect(idleMs)
    const next = opened.read()
    const piece = next instanceof Promise ? await next : next
    watch.pause()
    if (piece === undefined) {
      opened.isWhole = true
      break
    }
    const before = tap.deltas
    const bytes = tap.push(piece)
    if (onToken !== undefined && tap.deltas > before) onToken(now())
    if (bytes.length === 0) continue
    if (heart?.pending !== undefined) await heart.pending
    const written = exchange.write(bytes)
    if (written !== undefined) await written
    watch.hush()
  }
  await endRelay(exchange, tap)
}

/** What was held back is sent only if it belongs to a whole stream: half an event helps nobody. */
async function endRelay(exchange: Exchange, tap: EventTap): Promise<void> {
  const rest = tap.finish()
  if (!tap.isComplete && tap.failure === undefined) throw new UpstreamError('broken', 'the stream ended without [DONE]')
  if (rest.length > 0) await exchange.write(rest)
  exchange.end()
}

/** Comments between events, so that nobody in between takes a silent stream for a dead one. */
class Heart {
  readonly #exchange: Exchange
  readonly #tap: EventTap
  /** The client has not taken the last one yet. */
  pending: Promise<void> | undefined

  constructor(exchange: Exchange, tap: EventTap) {
    this.#exchange = exchange
    this.#tap = tap
  }

  readonly beat = (): void => {
    if (this.pending !== undefined || !this.#tap.isBetweenEvents) return
    this.pending = this.#send()
  }

  async #send(): Promise<void> {
    try {
      await this.#exchange.write(HEARTBEAT)
    } catch {
      // A client that has gone ends the call by itself.
    } finally {
      this.pending = undefined
    }
  }
}

/** The end of a stream that is not complete: an error event and no `[DONE]`. */
async function endEvents(tap: EventTap, options: DeliverOptions, thrown: unknown): Promise<RelayOutcome> {
  const { exchange, upstream, errorForm } = options
  const { usage, deltas, events } = tap
  if (hasLeft(thrown, exchange)) return { kind: 'client-gone', usage, deltas }
  const error = refusalFor(thrown, upstream)
  const separator = tap.isBetweenEvents ? '' : '\n\n'
  try {
    await exchange.write(Buffer.from(separator + renderErrorEvent(error, errorForm, events)))
    exchange.end()
  } catch {
    return { kind: 'client-gone', usage, deltas }
  }
  return { kind: 'cut', error, usage, deltas }
}
