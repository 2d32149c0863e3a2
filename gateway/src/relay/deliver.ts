import type { Exchange } from '../exchange/exchange.ts'
import { deliverEvents } from './deliver-events.ts'
import { hasLeft, refusalFor, type DeliverOptions, type RelayOutcome } from './delivery.ts'
import { clientHeaders, isReadableJson } from './headers.ts'
import type { KeptAnswer, OpenedAnswer } from './open-answer.ts'
import { TailOfBody } from './tail-of-body.ts'
import { findUsage } from './usage.ts'

export type { DeliverOptions, RelayOutcome } from './delivery.ts'

const NOTHING = Buffer.alloc(0)

/**
 * Passes an opened answer on, byte for byte and no faster than the client reads. Never throws for what the upstream or
 * the client does; the upstream call has ended when it returns.
 */
export async function deliver(opened: OpenedAnswer, options: DeliverOptions): Promise<RelayOutcome> {
  opened.watch.pause()
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
function respondWhole(
  { status, headers, first }: OpenedAnswer,
  { exchange, headers: own }: DeliverOptions,
): RelayOutcome {
  const body = first.length === 1 ? (first[0] ?? NOTHING) : Buffer.concat(first)
  const usage = status < 300 && isReadableJson(headers) ? findUsage(asBuffer(body)) : undefined
  try {
    exchange.respond(status, clientHeaders(headers, own), body)
  } catch (error) {
    if (!hasLeft(error, exchange)) throw error
    return { kind: 'client-gone', usage, deltas: 0 }
  }
  return { kind: 'complete', usage, deltas: 0 }
}

async function deliverPieces(opened: OpenedAnswer, options: DeliverOptions): Promise<RelayOutcome> {
  const { exchange, upstream, idleMs } = options
  const { watch, headers, first } = opened
  const tail = opened.status < 300 && isReadableJson(headers) ? new TailOfBody() : undefined
  const length = headers['content-length']
  const own = length === undefined ? options.headers : { ...options.headers, 'content-length': length }
  try {
    exchange.open(opened.status, clientHeaders(headers, own))
    for (const piece of first) {
      tail?.push(piece)
      await exchange.write(piece)
    }
    first.length = 0 // its memory is not needed for as long as the rest takes
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
    if (hasLeft(error, exchange)) return { kind: 'client-gone', usage: undefined, deltas: 0 }
    // Only a broken connection says that this is not the whole.
    exchange.cut()
    return { kind: 'cut', error: refusalFor(error, upstream), usage: undefined, deltas: 0 }
  }
  return { kind: 'complete', usage: tail === undefined ? undefined : findUsage(tail.bytes), deltas: 0 }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
