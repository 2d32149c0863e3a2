import type { ServerResponse } from 'node:http'

/** Makes a line when it is time to send it; undefined where that fails, and the answer has been broken off. */
type Line = () => Buffer | undefined

interface Waiting {
  readonly line: Line
  /** About its length. */
  readonly bytes: number
}

/** What is written at once: what TLS has taken for a client that does not read is memory of this client alone. */
const PIECE_BYTES = 64 * 1024

/** So many lines are forgotten together: shifting a long list for each would cost more than the line. */
const BATCH = 1_000

/**
 * Sends lines as fast as the client reads them. What waits is kept as what it is made of, objects that the store has
 * anyway, and not as text: a thousand clients that read slowly cost little more than one.
 */
export class PacedWriter {
  readonly #response: ServerResponse
  #waiting: Waiting[] = []
  /** How many of them have been taken. */
  #taken = 0
  /** The bytes of the others. */
  #bytes = 0
  /** What is left of the line that is being sent. */
  #rest: Buffer | undefined
  #maxBytes = Number.POSITIVE_INFINITY
  #ending = false

  constructor(response: ServerResponse) {
    this.#response = response
    response.on('drain', () => this.#pump())
  }

  /** From now on a client that leaves more than `bytes` unread, besides what waits already, is cut. */
  limit(bytes: number): void {
    this.#maxBytes = this.#unread() + bytes
  }

  /** Sends a line after those that wait. `bytes` is about its length. */
  send(line: Line, bytes: number): void {
    this.#waiting.push({ line, bytes })
    this.#bytes += bytes
    this.#pump()
    if (this.#unread() > this.#maxBytes) this.#response.destroy()
  }

  /** Ends the answer after what waits. */
  end(): void {
    this.#ending = true
    this.#pump()
  }

  #unread(): number {
    return this.#response.writableLength + (this.#rest?.length ?? 0) + this.#bytes
  }

  #pump(): void {
    while (!this.#response.writableNeedDrain && !this.#response.destroyed) {
      const rest = this.#rest ?? this.#take()
      if (rest === undefined) break
      this.#rest = rest.length > PIECE_BYTES ? rest.subarray(PIECE_BYTES) : undefined
      this.#response.write(rest.subarray(0, PIECE_BYTES))
    }
    if (this.#ending && this.#rest === undefined && this.#waiting.length === 0) this.#response.end()
  }

  /** The next line; undefined where none waits. */
  #take(): Buffer | undefined {
    while (this.#taken < this.#waiting.length) {
      const next = this.#waiting[this.#taken]
      this.#taken += 1
      if (this.#taken === BATCH) this.#forget()
      this.#bytes -= next?.bytes ?? 0
      const line = next?.line()
      if (line !== undefined) return line
    }
    this.#forget()
    return undefined
  }

  #forget(): void {
    this.#waiting.splice(0, this.#taken)
    this.#taken = 0
  }
}
