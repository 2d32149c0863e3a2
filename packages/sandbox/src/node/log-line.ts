/** One line of a container: when it was written, by which stream, and its text without the newline. */
export interface LogLine {
  readonly time: string
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

/** What `kubectl logs` can ask for. */
export interface LogSelection {
  readonly tailLines?: number | undefined
  /** RFC 3339: only lines from then on. */
  readonly since?: string | undefined
}

/** The form in which logs are stored, that of the container runtime interface: `<time> stdout F <text>`. */
export function renderLogLine({ time, stream, text }: LogLine): string {
  return `${time} ${stream} F ${text}\n`
}

/** A stored line, or undefined where a crash left half of one. */
export function parseLogLine(line: string): LogLine | undefined {
  const [, time, stream, text] = /^(\S+) (stdout|stderr) F (.*)$/s.exec(line) ?? []
  if (time === undefined || text === undefined || (stream !== 'stdout' && stream !== 'stderr')) return undefined
  return { time, stream, text }
}

export function selectLines(lines: readonly LogLine[], { tailLines, since }: LogSelection): readonly LogLine[] {
  const recent = since === undefined ? lines : lines.filter(({ time }) => time >= since)
  if (tailLines === undefined) return recent
  return tailLines === 0 ? [] : recent.slice(-tailLines)
}

/** Cuts the output of one stream into lines, across chunks and split characters. */
export class LineSplitter {
  readonly #decoder = new TextDecoder()
  #rest = ''

  push(chunk: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#rest = lines.pop() ?? ''
    // A program that never ends its line must not fill the memory: long lines are cut, as a container runtime cuts them.
    if (this.#rest.length > LONGEST_LINE) lines.push(this.#takeRest())
    return lines
  }

  /** The last line, where the output did not end with a newline. */
  end(): string[] {
    this.#rest += this.#decoder.decode()
    return this.#rest === '' ? [] : [this.#takeRest()]
  }

  #takeRest(): string {
    const rest = this.#rest
    this.#rest = ''
    return rest
  }
}

const LONGEST_LINE = 16 * 1024
