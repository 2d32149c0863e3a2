import { randomFillSync } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** Where a request stands in a trace (W3C Trace Context). */
export interface TraceContext {
  /** 32 hexadecimal digits: the client's trace, or a new one. */
  readonly traceId: string
  /** What the upstream gets: `traceparent` with the gateway as the parent, and the client's `tracestate`. */
  readonly headers: Readonly<Record<string, string>>
}

/** Version, trace, parent and flags. Later versions may have more after these, which a reader of this one leaves out. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]([0-9a-f])(-.*)?$/
const SAMPLED = 0x01
const MAX_TRACESTATE = 1024

/**
 * Continues the client's trace, or begins one where its `traceparent` is missing or not valid. A new trace says that it
 * is sampled: servers that record traces do by default record those that nobody began before them.
 */
export function continueTrace(headers: IncomingHttpHeaders): TraceContext {
  const { traceparent, tracestate } = headers
  if (traceparent === undefined) return beginTrace()
  const parsed = typeof traceparent === 'string' && traceparent.length < 256 ? TRACEPARENT.exec(traceparent) : null
  if (parsed === null) return beginTrace()
  const [, version, traceId = '', flags = '0', more] = parsed
  if (version === '00' && more !== undefined) return beginTrace()
  const sampled = Number.parseInt(flags, 16) & SAMPLED
  const parent = `00-${traceId}-${randomHex(16)}-0${sampled}`
  return { traceId, headers: isTraceState(tracestate) ? { traceparent: parent, tracestate } : { traceparent: parent } }
}

function beginTrace(): TraceContext {
  const traceId = randomHex(32)
  return { traceId, headers: { traceparent: `00-${traceId}-${randomHex(16)}-01` } }
}

function isTraceState(value: string | string[] | undefined): value is string {
  return typeof value === 'string' && value.length <= MAX_TRACESTATE && /^[\t\x20-\x7e]+$/.test(value)
}

/** Asking the system for a few random bytes costs more than all the rest of a trace: they are drawn in bulk. */
const pool = Buffer.alloc(4096)
let digits = ''
let used = 0

/** Never all zeros in practice: the chance is that of guessing the id. */
function randomHex(length: number): string {
  if (used + length > digits.length) {
    digits = randomFillSync(pool).toString('hex')
    used = 0
  }
  used += length
  return digits.slice(used - length, used)
}
