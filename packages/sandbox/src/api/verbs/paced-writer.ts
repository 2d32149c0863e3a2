import type { ServerResponse } from 'node:http'

/** Makes a line when it is time to send it; undefined where that fails, and the answer has been broken off. */
type Line = () => Buffer | undefined

/**
 * Sends lines as fast as the client reads them. What waits is kept as what it is made of, objects that the store has
 * anyway, and not as text: a thousand clients that read slowly cost little more than one.
 */
export class PacedWriter {
  readonly #response: ServerResponse
  #waiting: Line[] = []
  #sent = 0
  #bytes = 0
  #maxBytes = Number.POSITIVE_INFINITY
  #ending = false

  constructor(response: ServerResponse) {
    this.#response = response
    response.on('drain', () => this.#drain())
  }

  /** From now on a client that leaves more than `bytes` unread, besides what waits already, is cut. */
  limit(bytes: number): void {
    this.#maxBytes = this.#unread() + bytes
  }

  /** Sends a line after those that wait. `bytes` is about its length. */
  send(line: Line, bytes: number): void {
    if (this.#waiting.length === 0 && !this.#response.writableNeedDrain) {
      this.#write(line())
      return
    }
    this.#waiting.push(line)
    this.#bytes += bytes
    if (this.#unread() > this.#maxBytes) this.#response.destroy()
  }

  /** Ends the answer after what waits. */
  end(): void {
    this.#ending = true
    this.#drain()
  }

  #write(line: Buffer | undefined): void {
    if (line !== undefined) this.#response.write(line)
  }

  #unread(): number {
    return this.#response.writableLength + this.#bytes
  }

  #drain(): void {
    while (this.#sent < this.#waiting.length && !this.#response.writableNeedDrain) {
      const line = this.#waiting[this.#sent]?.()
      this.#sent += 1
      this.#bytes -= Math.min(this.#bytes, line?.length ?? 0)
      this.#write(line)
    }
    if (this.#sent < this.#waiting.length) return
    this.#waiting = []
    this.#sent = 0
    this.#bytes = 0
    if (this.#ending) this.#response.end()
  }
}
