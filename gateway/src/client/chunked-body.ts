import { UpstreamError } from './upstream-client.ts'

const MAX_SIZE_DIGITS = 8
/** Chunk extensions and trailers are skipped, but not without end. */
const MAX_SKIPPED_BYTES = 16 * 1024

const LF = 0x0a
const CR = 0x0d
const SEMICOLON = 0x3b

type State = 'size' | 'extension' | 'size-end' | 'data' | 'data-cr' | 'data-lf' | 'trailer' | 'trailer-lf' | 'done'

/** Reads a body in chunks (RFC 9112, section 7.1). Strict: sizes are plain hexadecimal, lines end in CR LF. */
export class ChunkedBody {
  #state: State = 'size'
  #digits = 0
  #remaining = 0
  #skipped = 0
  /** Bytes of the trailer line that is being read. */
  #line = 0

  get isDone(): boolean {
    return this.#state === 'done'
  }

  /**
   * Takes what follows `from`, and puts the content of its chunks together: the number of chunks is the sender's
   * affair, and one piece for each read is what is cheapest to pass on.
   *
   * @returns the content, copied, and where it ended; beyond the last chunk nothing is read
   * @throws UpstreamError `broken`
   */
  decode(bytes: Uint8Array, from: number): { readonly content: Uint8Array; readonly end: number } {
    const content = Buffer.allocUnsafe(bytes.length - from)
    let filled = 0
    let at = from
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state !== 'data') {
        this.#step(bytes[at++] ?? 0)
        continue
      }
      const end = Math.min(bytes.length, at + this.#remaining)
      content.set(bytes.subarray(at, end), filled)
      filled += end - at
      this.#remaining -= end - at
      if (this.#remaining === 0) this.#state = 'data-cr'
      at = end
    }
    return { content: content.subarray(0, filled), end: at }
  }

  #step(byte: number): void {
    switch (this.#state) {
      case 'size':
        return this.#readSize(byte)
      case 'extension':
        this.#skip(byte)
        if (byte === CR) this.#state = 'size-end'
        return
      case 'size-end':
        expect(byte, LF)
        this.#state = this.#remaining === 0 ? 'trailer' : 'data'
        this.#digits = 0
        return
      case 'data-cr':
        expect(byte, CR)
        this.#state = 'data-lf'
        return
      case 'data-lf':
        expect(byte, LF)
        this.#state = 'size'
        return
      case 'trailer':
        this.#skip(byte)
        if (byte === CR) this.#state = 'trailer-lf'
        else this.#line++
        return
      case 'trailer-lf':
        expect(byte, LF)
        this.#state = this.#line === 0 ? 'done' : 'trailer'
        this.#line = 0
        return
      case 'data':
      case 'done':
        return
      default:
        this.#state satisfies never
    }
  }

  #readSize(byte: number): void {
    const digit = hexDigit(byte)
    if (digit !== -1) {
      if (++this.#digits > MAX_SIZE_DIGITS) throw bad()
      this.#remaining = this.#remaining * 16 + digit
      return
    }
    if (this.#digits === 0) throw bad()
    if (byte === CR) this.#state = 'size-end'
    else if (byte === SEMICOLON) this.#state = 'extension'
    else throw bad()
  }

  #skip(byte: number): void {
    if (byte === LF || ++this.#skipped > MAX_SKIPPED_BYTES) throw bad()
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

function expect(byte: number, wanted: number): void {
  if (byte !== wanted) throw bad()
}

function bad(): UpstreamError {
  return new UpstreamError('broken', 'the answer has a malformed chunk')
}
