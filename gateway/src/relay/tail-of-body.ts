/** Usage and what follows it are a few hundred bytes; models with long prompt reports need some more. */
const TAIL_BYTES = 16 * 1024

/** The last bytes of a body that comes in pieces. */
export class TailOfBody {
  #tail = Buffer.alloc(0)

  push(piece: Uint8Array): void {
    const end = piece.subarray(-TAIL_BYTES)
    const kept = this.#tail.subarray(
      Math.min(this.#tail.length, Math.max(0, this.#tail.length + end.length - TAIL_BYTES)),
    )
    this.#tail = kept.length === 0 ? Buffer.from(end) : Buffer.concat([kept, end])
  }

  get bytes(): Buffer {
    return this.#tail
  }
}
