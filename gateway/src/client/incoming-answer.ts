import { UpstreamError, type UpstreamCall, type UpstreamHead } from './upstream-client.ts'

/** How much of a body may wait for its reader before the connection is no longer read, in bytes. */
const HIGH_WATER_BYTES = 64 * 1024

/** The connection an answer comes from. */
export interface AnswerSource {
  /** Stops reading, until `resume`. */
  pause(): void
  resume(): void
  /** Closes the connection, or withdraws the call that has none yet. */
  abort(reason: Error): void
}

interface Waiting<T> {
  readonly resolve: (value: T) => void
  readonly reject: (reason: Error) => void
}

/**
 * One answer between the connection that feeds it and the caller that reads it. A plain state machine rather than a
 * stream: it is made for every request, and with a stream per answer the client costs a third more.
 */
export class IncomingAnswer implements UpstreamCall {
  readonly #source: AnswerSource
  readonly #pieces: Uint8Array[] = []
  #waitingBytes = 0
  #isPaused = false
  #isWhole = false
  #head: UpstreamHead | undefined
  #failure: Error | undefined
  #headReader: Waiting<UpstreamHead> | undefined
  #pieceReader: Waiting<Uint8Array | undefined> | undefined

  constructor(source: AnswerSource) {
    this.#source = source
  }

  /** Nothing more will come of it, whole or not. */
  get isSettled(): boolean {
    return this.#isWhole || this.#failure !== undefined
  }

  head(): Promise<UpstreamHead> {
    if (this.#head !== undefined) return Promise.resolve(this.#head)
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#headReader = { resolve, reject }
    })
  }

  read(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const piece = this.#pieces.shift()
    if (piece !== undefined) return this.#taken(piece)
    if (this.#failure !== undefined) throw this.#failure
    if (this.#isWhole) return undefined
    return new Promise((resolve, reject) => {
      this.#pieceReader = { resolve, reject }
    })
  }

  abort(reason: Error): void {
    if (this.isSettled) return
    this.fail(reason)
    this.#source.abort(reason)
  }

  /** The head has arrived. */
  begin(head: UpstreamHead): void {
    this.#head = head
    this.#headReader?.resolve(head)
    this.#headReader = undefined
  }

  /** A piece of the body has arrived. Empty ones are left out. */
  push(piece: Uint8Array): void {
    if (piece.length === 0 || this.isSettled) return
    const reader = this.#pieceReader
    if (reader !== undefined) {
      this.#pieceReader = undefined
      reader.resolve(piece)
      return
    }
    this.#pieces.push(piece)
    this.#waitingBytes += piece.length
    if (this.#waitingBytes < HIGH_WATER_BYTES || this.#isPaused) return
    this.#isPaused = true
    this.#source.pause()
  }

  /** The body is complete. */
  finish(): void {
    if (this.isSettled) return
    this.#isWhole = true
    this.#pieceReader?.resolve(undefined)
    this.#pieceReader = undefined
  }

  /** The answer ends here. What is waiting is dropped after an abort and still given out after anything else. */
  fail(error: Error): void {
    if (this.isSettled) return
    this.#failure = error
    if (!(error instanceof UpstreamError)) this.#pieces.length = 0
    this.#headReader?.reject(error)
    this.#pieceReader?.reject(error)
    this.#headReader = undefined
    this.#pieceReader = undefined
  }

  #taken(piece: Uint8Array): Uint8Array {
    this.#waitingBytes -= piece.length
    if (this.#isPaused && this.#waitingBytes < HIGH_WATER_BYTES / 2) {
      this.#isPaused = false
      this.#source.resume()
    }
    return piece
  }
}
