import { UpstreamError } from '../client/upstream-client.ts'
import { GatewayError, renderEnvelope, toGatewayError } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { CallWatch } from './call-watch.ts'
import { EventTap } from './event-tap.ts'
import { clientHeaders, isReadableJson } from './headers.ts'
import type { KeptAnswer, OpenedAnswer } from './open-answer.ts'
import { TailOfBody } from './tail-of-body.ts'
import { findUsage, type ReportedUsage } from './usage.ts'

/** How an answer is passed on. */
export interface DeliverOptions {
  readonly exchange: Exchange
  /** The upstream's name, as the client may know it. */
  readonly upstream: string
  /** What the gateway says of the call. */
  readonly headers: Readonly<Record<string, string>>
  /** The gateway asked for usage in the stream and the client did not. */
  readonly stripUsage: boolean
  /** How long a stream may be silent before the client gets a comment; 0 means for ever. */
  readonly heartbeatMs: number
  /** How long the upstream may be silent. */
  readonly idleMs: number
  /** Called for every event in which text was generated, with the monotonic clock. */
  readonly onToken?: (nowMs: number) => void
}

/** What became known of an answer's tokens. */
interface Counted {
  /** As the upstream reported it. */
  readonly usage: ReportedUsage | undefined
  /** Events in which text was generated; 0 for what is no stream. */
  readonly deltas: number
}

/** How a call ended once its answer had begun. */
export type RelayOutcome = Counted &
  (
    | { readonly kind: 'complete' }
    | { readonly kind: 'client-gone' }
    /** The upstream broke off or reported an error, and the client was told so, as far as its format allows. */
    | { readonly kind: 'cut'; readonly error: GatewayError }
  )

const HEARTBEAT = Buffer.from(': keep-alive\n\n')
const NOTHING = Buffer.alloc(0)

/**
 * Passes an opened answer on, byte for byte and no faster than the client reads. Never throws for what the upstream or
 * the client does; the upstream call has ended when it returns.
 */
export async function deliver(opened: OpenedAnswer, options: DeliverOptions): Promise<RelayOutcome> {
  try {
    if (opened.opening !== undefined) return await deliverEvents(opened, opened.opening, options)
    if (opened.isWhole) return respondWhole(opened, options)
    return await deliverPieces(opened, options)
  } finally {
    // Whatever ended this, the upstream must not go on generating.
    opened.discard()
  }
}

/** Sends a refusal that was kept. */
export function respondKept(
  exchange: Exchange,
  { status, headers, body }: KeptAnswer,
  own: Readonly<Record<string, string>>,
): void {
  exchange.respond(status, clientHeaders(headers, own), body)
}

/** The common case of an answer that is no stream: it is here already, and leaves with one write. */
function respondWhole({ status, headers, first }: OpenedAnswer, options: DeliverOptions): RelayOutcome {
  const body = first.length === 1 ? (first[0] ?? NOTHING) : Buffer.concat(first)
  const usage = status < 300 && isReadableJson(headers) ? findUsage(asBuffer(body)) : undefined
  try {
    options.exchange.respond(status, clientHeaders(headers, options.headers), body)
  } catch (error) {
    if (!hasLeft(error, options)) throw error
    return { kind: 'client-gone', usage, deltas: 0 }
  }
  return { kind: 'complete', usage, deltas: 0 }
}

async function deliverPieces(opened: OpenedAnswer, options: DeliverOptions): Promise<RelayOutcome> {
  const { exchange, upstream, idleMs } = options
  const { watch, headers } = opened
  const tail = opened.status < 300 && isReadableJson(headers) ? new TailOfBody() : undefined
  const length = headers['content-length']
  const own = length === undefined ? options.headers : { ...options.headers, 'content-length': length }
  try {
    exchange.open(opened.status, clientHeaders(headers, own))
    for (const piece of opened.first) {
      tail?.push(piece)
      await write(exchange, watch, piece)
    }
    for (;;) {
      watch.expect(idleMs)
      const next = opened.read()
      const piece = next instanceof Promise ? await next : next
      watch.pause()
      if (piece === undefined) break
      tail?.push(piece)
      const written = exchange.write(piece)
      if (written !== undefined) await written
    }
    opened.isWhole = true
    exchange.end()
  } catch (error) {
    if (hasLeft(error, options)) return { kind: 'client-gone', usage: undefined, deltas: 0 }
    // Only a broken connection says that this is not the whole.
    exchange.cut()
    return { kind: 'cut', error: refusalFor(error, upstream), usage: undefined, deltas: 0 }
  }
  return { kind: 'complete', usage: tail === undefined ? undefined : findUsage(tail.bytes), deltas: 0 }
}

async function deliverEvents(opened: OpenedAnswer, opening: EventTap, options: DeliverOptions): Promise<RelayOutcome> {
  // The tap that saw the opening left nothing out.
  const tap = options.stripUsage ? new EventTap(true) : opening
  try {
    await relayEvents(opened, tap, options)
  } catch (error) {
    return endEvents(tap, options, error)
  }
  const { usage, deltas } = tap
  if (tap.failure === undefined) return { kind: 'complete', usage, deltas }
  const message = `The upstream ${options.upstream} reported an error in its stream.`
  return { kind: 'cut', error: new GatewayError('upstream_error', message), usage, deltas }
}

async function relayEvents(opened: OpenedAnswer, tap: EventTap, options: DeliverOptions): Promise<void> {
  const { exchange, idleMs, heartbeatMs, onToken } = options
  const { watch, now } = opened
  exchange.open(opened.status, clientHeaders(opened.headers, options.headers))
  for (const piece of opened.first) {
    const bytes = options.stripUsage ? tap.push(piece) : piece
    if (bytes.length > 0) await write(exchange, watch, bytes)
  }
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

async function endRelay(exchange: Exchange, tap: EventTap): Promise<void> {
  const rest = tap.finish()
  if (rest.length > 0) await exchange.write(rest)
  if (!tap.isComplete && tap.failure === undefined) throw new UpstreamError('broken', 'the stream ended without [DONE]')
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
  const { exchange, upstream } = options
  const { usage, deltas } = tap
  if (hasLeft(thrown, options)) return { kind: 'client-gone', usage, deltas }
  const error = refusalFor(thrown, upstream)
  const separator = tap.isBetweenEvents ? '' : '\n\n'
  try {
    await exchange.write(Buffer.from(`${separator}data: ${renderEnvelope(error)}\n\n`))
    exchange.end()
  } catch {
    return { kind: 'client-gone', usage, deltas }
  }
  return { kind: 'cut', error, usage, deltas }
}

/** The upstream is not to blame for the time that the client takes. */
async function write(exchange: Exchange, watch: CallWatch, bytes: Uint8Array): Promise<void> {
  watch.pause()
  const written = exchange.write(bytes)
  if (written !== undefined) await written
}

function hasLeft(error: unknown, { exchange }: DeliverOptions): boolean {
  return exchange.isClientGone || (error instanceof GatewayError && error.code === 'client_closed_request')
}

/** What the client is told of an upstream that failed. Its address and the exact failure stay in the log, as the cause. */
function refusalFor(error: unknown, upstream: string): GatewayError {
  if (!(error instanceof UpstreamError)) return toGatewayError(error)
  if (error.kind === 'timeout') {
    return new GatewayError('upstream_timeout', `The upstream ${upstream} did not answer in time.`, { cause: error })
  }
  return new GatewayError('upstream_error', `The upstream ${upstream} broke off its answer.`, { cause: error })
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
