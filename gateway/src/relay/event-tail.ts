/** Longer than the end of any complete stream: `data: [DONE]` and two line ends. */
const TAIL_BYTES = 32

/**
 * Remembers the last bytes of an event stream. A connection that closes in order is no proof that the answer is
 * complete; `[DONE]` is.
 */
export class EventTail {
  #tail = ''

  push(chunk: Uint8Array): void {
    const end = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).subarray(-TAIL_BYTES).toString('latin1')
    this.#tail = (this.#tail + end).slice(-TAIL_BYTES)
  }

  /** The stream says that it is complete. */
  get isDone(): boolean {
    return /(^|[\r\n])data: ?\[DONE\]\s*$/.test(this.#tail)
  }

  /** The last event is closed by an empty line, so that another one can follow. */
  get isBetweenEvents(): boolean {
    return this.#tail === '' || /(\n\n|\r\n\r\n|\r\r)$/.test(this.#tail)
  }
}
