/** How much of a body is kept before anyone asked for it, in bytes. */
const EARLY_BYTES = 64 * 1024

const EMPTY = Buffer.alloc(0)

/** A request body of known length as it arrives. */
export class IncomingBody {
  readonly length: number
  #received = 0
  /** What came before the body was asked for, as it came. */
  #early: Buffer[] = []
  #target: Buffer | undefined
  #reader: PromiseWithResolvers<Buffer> | undefined
  #isDiscarded = false

  constructor(length: number) {
    this.length = length
  }

  get received(): number {
    return this.#received
  }

  get isComplete(): boolean {
    return this.#received === this.length
  }

  /** Someone waits for the rest of it. */
  get isAwaited(): boolean {
    return this.#reader !== undefined
  }

  /** More of it should not be read until someone asks for it. */
  get isFull(): boolean {
    return !this.#isDiscarded && this.#target === undefined && this.#received >= EARLY_BYTES
  }

  /** Takes bytes of it, never more than are missing. */
  push(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#target !== undefined) bytes.copy(this.#target, this.#received)
    else if (!this.#isDiscarded) this.#early.push(bytes)
    this.#received += bytes.length
    if (!this.isComplete || this.#target === undefined) return
    this.#reader?.resolve(this.#target)
    this.#reader = undefined
  }

  /** The whole body if it is there. One that came in one piece is not copied. */
  read(): Buffer | undefined {
    if (!this.isComplete) return undefined
    const [first = EMPTY] = this.#early
    return this.#early.length > 1 ? Buffer.concat(this.#early, this.length) : first
  }

  /**
   * The whole body when it is there. Its memory is taken at once: whoever asks has authenticated the client and checked
   * the length, and the system gives pages only as they are filled.
   */
  wait(): Promise<Buffer> {
    const target = Buffer.allocUnsafeSlow(this.length)
    let at = 0
    for (const bytes of this.#early) at += bytes.copy(target, at)
    this.#early = []
    this.#target = target
    this.#reader = Promise.withResolvers()
    return this.#reader.promise
  }

  /** It will not be complete. */
  fail(error: Error): void {
    this.#reader?.reject(error)
    this.#reader = undefined
  }

  /** Nobody will ask for it: what still comes is counted and dropped. */
  discard(): void {
    this.#isDiscarded = true
    this.#early = []
    this.#target = undefined
  }
}
