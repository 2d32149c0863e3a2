const LF = 0x0a
const CR = 0x0d

/**
 * Finds where the events of a stream end, however its bytes are cut into pieces: behind the first empty line, with lines
 * that end in LF, CRLF or CR. Looks at every byte once.
 */
export class EventFramer {
  #isLineEmpty = true
  #wasCarriageReturn = false
  #lines = 0
  /** How many lines the event had that `next` found last, without the empty one. */
  lines = 0

  /**
   * Where the scan of a new piece starts: a line feed at its start may belong to a carriage return at the end of the
   * piece before.
   */
  begin(piece: Uint8Array): number {
    const isSecondHalf = this.#wasCarriageReturn && piece[0] === LF
    if (piece.length > 0) this.#wasCarriageReturn = false
    return isSecondHalf ? 1 : 0
  }

  /** The position behind the next event, -1 if it does not end in this piece. */
  next(piece: Uint8Array, at: number): number {
    const { length } = piece
    for (let here = at; here < length;) {
      let byte = piece[here] ?? 0
      if (byte > CR) {
        this.#isLineEmpty = false
        // JSON has hardly a byte that is not above it.
        do byte = piece[++here] ?? 0
        while (byte > CR)
        continue
      }
      here++
      if (byte === LF || byte === CR) {
        if (byte === CR) here = this.#passLineFeed(piece, here)
        if (this.#endLine()) return here
      } else this.#isLineEmpty = false
    }
    return -1
  }

  #passLineFeed(piece: Uint8Array, here: number): number {
    if (piece[here] === LF) return here + 1
    this.#wasCarriageReturn = here === piece.length
    return here
  }

  /** Whether the line that ends was the empty one behind an event. */
  #endLine(): boolean {
    if (!this.#isLineEmpty) {
      this.#isLineEmpty = true
      this.#lines++
      return false
    }
    this.lines = this.#lines
    this.#lines = 0
    return true
  }
}
