import { ChunkedBody } from './chunked-body.ts'
import { parseResponseHead, type ResponseHead } from './response-head.ts'
import { UpstreamError, type UpstreamHead } from './upstream-client.ts'

const MAX_HEAD_BYTES = 64 * 1024
const MAX_INTERIM_HEADS = 32
const HEAD_END = Buffer.from('\r\n\r\n')

/** Who is told what an answer consists of. */
export interface ResponseSink {
  begin(head: UpstreamHead): void
  push(piece: Uint8Array): void
  finish(): void
}

/**
 * Reads one answer from the bytes of a connection. Pieces are copied out of them: what it is fed with may be a buffer
 * that the next read fills again.
 */
export class ResponseParser {
  readonly #sink: ResponseSink
  #head: ResponseHead | undefined
  #pending: Buffer | undefined
  #interimHeads = 0
  #remaining = 0
  #chunks: ChunkedBody | undefined
  #isDone = false
  #hasExcess = false

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  get isDone(): boolean {
    return this.#isDone
  }

  /** The answer is complete, and its connection can take another call. */
  get canReuse(): boolean {
    return this.#isDone && !this.#hasExcess && this.#head?.isKept === true
  }

  /** How long the server keeps the connection, in milliseconds, if it said so. */
  get keepMs(): number | undefined {
    return this.#head?.keepMs
  }

  /** @throws UpstreamError `broken` */
  feed(bytes: Buffer): void {
    let at = 0
    let from = bytes
    if (this.#head === undefined) {
      if (this.#pending !== undefined) from = Buffer.concat([this.#pending, bytes])
      at = this.#readHeads(from)
      if (this.#head === undefined) return
    }
    at = this.#readBody(this.#head, from, at)
    if (at < from.length) this.#hasExcess = true
  }

  /**
   * The server has closed its side.
   *
   * @throws UpstreamError `broken`, unless that is what completes the answer
   */
  end(): void {
    if (this.#head?.framing.kind !== 'close') {
      throw new UpstreamError('broken', 'the connection was closed before the answer was complete')
    }
    this.#finish()
  }

  /** Reads heads until a final one. @returns where its body begins */
  #readHeads(bytes: Buffer): number {
    let at = 0
    for (;;) {
      const end = bytes.indexOf(HEAD_END, at)
      if ((end === -1 ? bytes.length : end) - at > MAX_HEAD_BYTES) {
        throw new UpstreamError('broken', 'the head of the answer is too large')
      }
      if (end === -1) {
        this.#pending = Buffer.from(bytes.subarray(at))
        return bytes.length
      }
      const head = parseResponseHead(bytes.toString('latin1', at, end))
      at = end + HEAD_END.length
      if (head.status >= 200) {
        this.#begin(head)
        return at
      }
      if (head.status === 101 || ++this.#interimHeads > MAX_INTERIM_HEADS) {
        throw new UpstreamError('broken', `the server answered ${head.status} to a plain request`)
      }
    }
  }

  #begin(head: ResponseHead): void {
    this.#head = head
    this.#pending = undefined
    if (head.framing.kind === 'length') this.#remaining = head.framing.bytes
    if (head.framing.kind === 'chunked') this.#chunks = new ChunkedBody()
    this.#sink.begin(head)
    if (head.framing.kind === 'length' && this.#remaining === 0) this.#finish()
  }

  #readBody({ framing }: ResponseHead, bytes: Buffer, at: number): number {
    if (this.#isDone || at === bytes.length) return at
    if (framing.kind === 'chunked' && this.#chunks !== undefined) {
      const { content, end } = this.#chunks.decode(bytes, at)
      this.#sink.push(content)
      if (this.#chunks.isDone) this.#finish()
      return end
    }
    const end = framing.kind === 'close' ? bytes.length : Math.min(bytes.length, at + this.#remaining)
    this.#sink.push(copyOf(bytes, at, end))
    if (framing.kind === 'close') return end
    this.#remaining -= end - at
    if (this.#remaining === 0) this.#finish()
    return end
  }

  #finish(): void {
    this.#isDone = true
    this.#sink.finish()
  }
}

function copyOf(bytes: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from)
  bytes.copy(copy, 0, from, to)
  return copy
}
