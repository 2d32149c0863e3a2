import { EventFramer } from './event-framer.ts'
import { EventReader } from './event-reader.ts'
import { HeldBytes } from './held-bytes.ts'
import type { ReportedUsage } from './usage.ts'

/** An event beyond this is relayed unread. */
const MAX_EVENT_BYTES = 1024 * 1024
const NOTHING = new Uint8Array(0)
const BYTE_ORDER_MARK = Buffer.from('\uFEFF')

/**
 * Listens in on an event stream: counts, finds usage and errors, knows whether it came to its end. The bytes are passed on
 * as they are, except that a stream which reports usage only because the gateway asked for it is given back the form that
 * it would have had: events that are complete, without the one that only reports usage and without `"usage":null`.
 */
export class EventTap {
  readonly #strips: boolean
  readonly #framer = new EventFramer()
  readonly #reader = new EventReader()
  readonly #held = new HeldBytes()
  /** The parts of the client's bytes of the piece at hand, where they are not the piece itself. */
  #parts: Uint8Array[] = []
  /** Where the bytes of the piece at hand start that were neither passed on nor left out. */
  #from = 0
  #isOversize = false
  #wasDropped = false
  /** How many bytes of a byte order mark have come; all of them once anything else has. */
  #markBytes = 0
  #isFinished = false
  /** `[DONE]` has come, or the event that ends a response. */
  isLast = false
  /** Events so far that have data. */
  events = 0
  /** Events so far in which text was generated. */
  deltas = 0
  usage: ReportedUsage | undefined
  /** The data of the first event in which the upstream reported an error. */
  failure: string | undefined

  /** @param strips the gateway asked for usage, the client did not */
  constructor(strips: boolean) {
    this.#strips = strips
  }

  /** The stream says that it is complete. That its connection closed in order is no proof. */
  get isComplete(): boolean {
    return this.isLast || this.#isFinished
  }

  /** What the client was given ends with an event, so that another one can follow. */
  get isBetweenEvents(): boolean {
    return !this.#isOversize && (this.#strips || this.#held.size === 0)
  }

  /** The bytes for the client: where nothing is left out, the piece itself. */
  push(piece: Uint8Array): Uint8Array {
    let scanned = this.#beginPiece(piece)
    let start = this.#isAtStart ? scanned : 0
    this.#from = scanned === 1 && this.#wasDropped && this.#isAtStart ? 1 : 0
    for (;;) {
      const end = this.#framer.next(piece, scanned)
      if (end === -1) break
      this.#endEvent(piece, start, end)
      start = end
      scanned = end
    }
    this.#hold(piece, start)
    return this.#strips ? this.#collect(piece) : piece
  }

  /** The bytes for the client that were still held back when the stream ended. */
  finish(): Uint8Array {
    if (this.#held.size === 0) return NOTHING
    this.#from = 0
    this.#endHeld()
    return this.#strips ? this.#collect(NOTHING) : NOTHING
  }

  /** How many bytes at the start of a piece belong to no event of it. */
  #beginPiece(piece: Uint8Array): number {
    let at = 0
    while (this.#markBytes < BYTE_ORDER_MARK.length && at < piece.length) {
      if (piece[at] === BYTE_ORDER_MARK[this.#markBytes]) {
        at++
        this.#markBytes++
      } else this.#markBytes = BYTE_ORDER_MARK.length
    }
    return at > 0 ? at : this.#framer.begin(piece)
  }

  get #isAtStart(): boolean {
    return this.#held.size === 0 && !this.#isOversize
  }

  #endEvent(piece: Uint8Array, start: number, end: number): void {
    this.#wasDropped = false
    if (this.#isOversize) {
      this.#isOversize = false
    } else if (this.#held.size + end - start > MAX_EVENT_BYTES) {
      this.#passUnread()
    } else if (this.#held.size > 0) {
      this.#held.append(piece, start, end)
      this.#from = end
      this.#endHeld()
    } else {
      this.#read(piece, start, end, this.#framer.lines === 1)
      if (this.#strips) this.#strip(piece, start, end)
    }
  }

  #passUnread(): void {
    if (this.#strips && this.#held.size > 0) this.#parts.push(this.#held.take())
    else this.#held.clear()
  }

  #endHeld(): void {
    const held = this.#held.view()
    this.#read(held, 0, held.length, false)
    if (!this.#strips) this.#held.clear()
    else if (this.#reader.isUsageOnly) {
      this.#wasDropped = true
      this.#held.clear()
    } else this.#passHeld()
  }

  #passHeld(): void {
    const { cutStart, cutEnd } = this.#reader
    const event = this.#held.take()
    if (cutStart === -1) this.#parts.push(event)
    else this.#parts.push(event.subarray(0, cutStart), event.subarray(cutEnd))
  }

  #read(bytes: Uint8Array, start: number, end: number, isOneLine: boolean): void {
    const reader = this.#reader
    reader.read(bytes, start, end, isOneLine)
    if (!reader.hasData) return
    this.events++
    if (reader.hasDelta) this.deltas++
    if (reader.isFinished) this.#isFinished = true
    // Of several choices one has ended, another goes on.
    else if (reader.hasDelta) this.#isFinished = false
    this.isLast ||= reader.isLast
    if (reader.isError) this.failure ??= reader.errorText
    this.usage = reader.usage ?? this.usage
  }

  #strip(piece: Uint8Array, start: number, end: number): void {
    const { isUsageOnly, cutStart, cutEnd } = this.#reader
    if (isUsageOnly) {
      this.#wasDropped = true
      this.#passUpTo(piece, start, end)
    } else if (cutStart !== -1) this.#passUpTo(piece, start + cutStart, start + cutEnd)
  }

  /** Passes on what comes before `end`, and goes on behind `next`. */
  #passUpTo(piece: Uint8Array, end: number, next: number): void {
    if (end > this.#from) this.#parts.push(piece.subarray(this.#from, end))
    this.#from = next
  }

  /** Keeps the beginning of an event for when its end comes. */
  #hold(piece: Uint8Array, start: number): void {
    if (start === piece.length || this.#isOversize) return
    this.#held.append(piece, start, piece.length)
    if (this.#strips) this.#passUpTo(piece, start, piece.length)
    if (this.#held.size <= MAX_EVENT_BYTES) return
    this.#isOversize = true
    this.#passUnread()
  }

  #collect(piece: Uint8Array): Uint8Array {
    if (this.#from === 0 && this.#parts.length === 0) return piece
    this.#passUpTo(piece, piece.length, piece.length)
    const parts = this.#parts
    this.#parts = []
    return parts.length === 1 ? (parts[0] ?? NOTHING) : Buffer.concat(parts)
  }
}
