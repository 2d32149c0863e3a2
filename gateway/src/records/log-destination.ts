import { pino } from 'pino'

/**
 * Lines go out together. Handed on one by one they are measured and copied each time, and in small batches the threads
 * that write take turns with the one that serves: together a fifth of the hot path.
 */
const BATCH_CHARS = 64 * 1024
const FLUSH_MS = 250
/** What waits for a reader of the log that has stopped to read. More is dropped, since requests must not wait for it. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

/** Where the log goes. */
export interface LogDestination {
  readonly writable: true
  write(line: string): void
  /** Writes what waits before it returns. */
  flushSync(): void
  end(): void
}

/**
 * Stdout, or another file by its descriptor or path, for a busy log: lines are written in batches, at the latest after
 * 250 ms and when the process ends.
 */
export function createLogDestination(dest: number | string = 1): LogDestination {
  return new BatchedDestination(dest)
}

class BatchedDestination implements LogDestination {
  /** What pino knows a stream by, where it might be options. */
  readonly writable = true
  readonly #file: ReturnType<typeof pino.destination>
  #isClosed = false
  #lines = ''
  #timer: NodeJS.Timeout | undefined
  readonly #onIdle = (): void => this.#handOn()
  readonly #onExit = (): void => this.flushSync()

  constructor(dest: number | string) {
    this.#file = pino.destination({ dest, sync: false, maxLength: MAX_WAITING_BYTES })
    this.#file.once('close', () => (this.#isClosed = true))
    // Before pino's own listener, which ends the file.
    process.prependListener('beforeExit', this.#onIdle)
    process.once('exit', this.#onExit)
  }

  write(line: string): void {
    this.#lines += line
    if (this.#lines.length >= BATCH_CHARS) this.#handOn()
    else this.#timer ??= setTimeout(() => this.#handOn(), FLUSH_MS).unref()
  }

  flushSync(): void {
    if (this.#isClosed) return
    this.#handOn()
    this.#file.flushSync()
  }

  end(): void {
    process.off('beforeExit', this.#onIdle)
    process.off('exit', this.#onExit)
    this.#handOn()
    this.#file.end()
  }

  #handOn(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const lines = this.#lines
    this.#lines = ''
    if (lines !== '') this.#file.write(lines)
  }
}
