import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { LineSplitter, parseLogLine, renderLogLine } from './log-line.ts'
import type { LinePiece, LogLine } from './log-line.ts'

/** A log file this long becomes `<file>.1`, in place of the one before. */
const MAX_FILE_BYTES = 10 * 1024 * 1024

export type LineListener = (line: LogLine) => void

/**
 * The log of one run of a container: lines in a file of bounded size, and whoever follows it.
 *
 * Writes are synchronous: a line is in the file before its follower sees it, so that a follower who first reads the file
 * misses nothing and sees nothing twice.
 */
export class ContainerLog {
  readonly path: string
  readonly #listeners = new Set<LineListener>()
  readonly #endListeners = new Set<() => void>()
  readonly #splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() }
  readonly #maxBytes: number
  #file: number
  #bytes: number
  #ended = false

  constructor(path: string, maxBytes: number = MAX_FILE_BYTES) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    this.path = path
    this.#maxBytes = maxBytes
    this.#file = openSync(path, 'a', 0o600)
    this.#bytes = statSync(path).size
  }

  write(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    this.#append(stream, this.#splitters[stream].push(chunk))
  }

  /** No line will follow. */
  end(): void {
    if (this.#ended) return
    for (const stream of ['stdout', 'stderr'] as const) this.#append(stream, this.#splitters[stream].end())
    this.#ended = true
    closeSync(this.#file)
    for (const listener of this.#endListeners) listener()
  }

  /** Calls `onLine` for each new line and `onEnd` after the last; returns how to stop it. */
  follow(onLine: LineListener, onEnd: () => void): () => void {
    if (this.#ended) onEnd()
    this.#listeners.add(onLine)
    this.#endListeners.add(onEnd)
    return () => {
      this.#listeners.delete(onLine)
      this.#endListeners.delete(onEnd)
    }
  }

  #append(stream: 'stdout' | 'stderr', pieces: readonly LinePiece[]): void {
    if (pieces.length === 0 || this.#ended) return
    const time = new Date().toISOString()
    const lines = pieces.map((piece): LogLine => ({ time, stream, ...piece }))
    this.#store(lines.map(renderLogLine).join(''))
    for (const line of lines) for (const listener of this.#listeners) listener(line)
  }

  /** On a full disk a container loses its log, and nothing else: whoever follows it still sees its lines. */
  #store(text: string): void {
    try {
      this.#rotate()
      this.#bytes += writeSync(this.#file, Buffer.from(text, 'latin1'))
    } catch {
      // Nowhere to say it but the disk that is full.
    }
  }

  #rotate(): void {
    if (this.#bytes < this.#maxBytes) return
    renameSync(this.path, `${this.path}.1`)
    // Opened before the old one is closed: where that fails, lines go on into the old file, and never into a closed one.
    const next = openSync(this.path, 'a', 0o600)
    closeSync(this.#file)
    this.#file = next
    this.#bytes = 0
  }
}

/** Forgets a run. */
export function removeLog(path: string): void {
  for (const file of [path, `${path}.1`]) rmSync(file, { force: true })
}

/** All stored lines of a run, the rotated file first; undefined where it left no log. */
export function readLogLines(path: string): LogLine[] | undefined {
  if (!existsSync(path)) return undefined
  const older = existsSync(`${path}.1`) ? readFileSync(`${path}.1`, 'latin1') : ''
  return (older + readFileSync(path, 'latin1')).split('\n').flatMap((line) => parseLogLine(line) ?? [])
}
