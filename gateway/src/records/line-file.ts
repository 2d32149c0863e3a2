import { appendFile } from 'node:fs/promises'

const FLUSH_MS = 1_000
const BATCH_CHARS = 64 * 1024
/** What waits for a disk that is slow. More is lost, since requests must not wait for it. */
const MAX_WAITING_CHARS = 16 * 1024 * 1024
/** Its owner writes, its group may read: it says who used how much. */
const MODE = 0o640

/** What a {@link LineFile} tells. */
export interface LineFileOptions {
  readonly path: string
  /** Lines that were not written, and why. */
  readonly onLost: (lines: number, cause: unknown) => void
  /** A batch was written. */
  readonly onWritten?: () => void
}

/**
 * Appends lines to a file, in batches. Each batch opens the file anew: it may be renamed, removed or truncated at any time,
 * and what follows goes to the new one. A batch that fails is lost rather than written twice.
 */
export class LineFile {
  readonly path: string
  readonly #options: LineFileOptions
  #lines: string[] = []
  #waitingChars = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #isTorn = false

  constructor(options: LineFileOptions) {
    this.path = options.path
    this.#options = options
  }

  /** Takes a line without its end. Never waits. */
  append(line: string): void {
    if (this.#waitingChars + line.length > MAX_WAITING_CHARS) {
      this.#options.onLost(1, new Error('the disk is too slow'))
      return
    }
    this.#lines.push(line)
    this.#waitingChars += line.length
    if (this.#waitingChars >= BATCH_CHARS) this.#start()
    else this.#timer ??= setTimeout(() => this.#start(), FLUSH_MS).unref()
  }

  /** Resolves when all lines are written or lost. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined || this.#lines.length > 0) {
      this.#start()
      await this.#writing
    }
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#writing !== undefined || this.#lines.length === 0) return
    const lines = this.#lines
    this.#lines = []
    this.#waitingChars = 0
    this.#writing = this.#write(lines).finally(() => {
      this.#writing = undefined
      if (this.#waitingChars >= BATCH_CHARS) this.#start()
      else if (this.#lines.length > 0) this.#timer ??= setTimeout(() => this.#start(), FLUSH_MS).unref()
    })
  }

  async #write(lines: readonly string[]): Promise<void> {
    // What a failed batch left may be half a line: the next one must not continue it.
    const text = `${this.#isTorn ? '\n' : ''}${lines.join('\n')}\n`
    try {
      await appendFile(this.path, text, { mode: MODE })
      this.#isTorn = false
      this.#options.onWritten?.()
    } catch (error) {
      this.#isTorn = true
      this.#options.onLost(lines.length, error)
    }
  }
}
