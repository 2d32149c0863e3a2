/** One line of a container: when it was written, by which stream, and what it says without the newline. */
export interface LogLine {
  readonly time: string
  readonly stream: 'stdout' | 'stderr'
  /** One character for each byte (latin1): programs may write what is no text. */
  readonly text: string
  /** The line was too long and goes on in the next one. */
  readonly partial?: true | undefined
}

/** What `kubectl logs` can ask for. */
export interface LogSelection {
  readonly tailLines?: number | undefined
  /** RFC 3339: only lines from then on. */
  readonly since?: string | undefined
}

/** The form in which logs are stored, that of the container runtime interface: `<time> stdout F <text>`, `P` for a part of one. */
export function renderLogLine({ time, stream, text, partial }: LogLine): string {
  return `${time} ${stream} ${partial === true ? 'P' : 'F'} ${text}\n`
}

/** A stored line, or undefined where a crash left half of one. */
export function parseLogLine(line: string): LogLine | undefined {
  const [, time, stream, tag, text] = /^(\S+) (stdout|stderr) ([FP]) (.*)$/s.exec(line) ?? []
  if (time === undefined || text === undefined || (stream !== 'stdout' && stream !== 'stderr')) return undefined
  return { time, stream, text, ...(tag === 'P' && { partial: true }) }
}

export function selectLines(lines: readonly LogLine[], { tailLines, since }: LogSelection): readonly LogLine[] {
  const recent = since === undefined ? lines : lines.filter(({ time }) => time >= since)
  if (tailLines === undefined) return recent
  return tailLines === 0 ? [] : recent.slice(-tailLines)
}

/** A piece of the output of one stream. */
export type LinePiece = Pick<LogLine, 'text' | 'partial'>

/** Cuts the output of one stream into lines, across chunks. */
export class LineSplitter {
  #rest = ''

  push(chunk: Uint8Array): LinePiece[] {
    const text = this.#rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')
    const lines = text.split('\n')
    this.#rest = lines.pop() ?? ''
    const pieces = lines.flatMap(cutLine)
    // A program that never ends its line must not fill the memory.
    while (this.#rest.length >= LONGEST_LINE) {
      pieces.push({ text: this.#rest.slice(0, LONGEST_LINE), partial: true })
      this.#rest = this.#rest.slice(LONGEST_LINE)
    }
    return pieces
  }

  /** The last line, where the output did not end with a newline. */
  end(): LinePiece[] {
    const rest = this.#rest
    this.#rest = ''
    return rest === '' ? [] : [{ text: rest }]
  }
}

/** Long lines are stored in parts, as a container runtime stores them. */
function cutLine(line: string): LinePiece[] {
  const pieces: LinePiece[] = []
  let rest = line
  for (; rest.length > LONGEST_LINE; rest = rest.slice(LONGEST_LINE)) {
    pieces.push({ text: rest.slice(0, LONGEST_LINE), partial: true })
  }
  return [...pieces, { text: rest }]
}

const LONGEST_LINE = 16 * 1024
