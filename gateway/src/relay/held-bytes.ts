const INITIAL_BYTES = 1024
/** More than this is not kept for the next event. */
const KEPT_BYTES = 64 * 1024

/** The beginning of an event whose end has not come yet. Copies, so that it does not hold on to the pieces' memory. */
export class HeldBytes {
  #memory: Buffer | undefined
  size = 0

  append(bytes: Uint8Array, start: number, end: number): void {
    const memory = this.#roomFor(this.size + end - start)
    memory.set(bytes.subarray(start, end), this.size)
    this.size += end - start
  }

  /** What is held, valid until the next change. */
  view(): Buffer {
    return (this.#memory ?? Buffer.alloc(0)).subarray(0, this.size)
  }

  /** What is held, for the caller to keep. */
  take(): Buffer {
    const taken = this.view()
    this.#memory = undefined
    this.size = 0
    return taken
  }

  clear(): void {
    this.size = 0
    if (this.#memory !== undefined && this.#memory.length > KEPT_BYTES) this.#memory = undefined
  }

  /** Doubles, so that an event that comes byte by byte is not copied once a byte. */
  #roomFor(size: number): Buffer {
    const memory = this.#memory
    if (memory !== undefined && memory.length >= size) return memory
    const larger = Buffer.allocUnsafeSlow(Math.max(INITIAL_BYTES, size, 2 * (memory?.length ?? 0)))
    if (memory !== undefined) memory.copy(larger, 0, 0, this.size)
    this.#memory = larger
    return larger
  }
}
