import { pino, type Logger } from 'pino'

/** Lines of a log that were made by hand, beside those of its logger. */
export interface LogLines {
  isEnabled(level: 'debug' | 'info'): boolean
  /** @param fields what {@link ./json-fields.ts} makes */
  write(level: 'debug' | 'info', fields: string): void
}

const LEVELS = { debug: 20, info: 30 } as const

/** Writes where a logger writes, as its own lines begin: level, time and bindings, but for `pid` and `hostname`. */
export function createLogLines(log: Logger): LogLines {
  const stream: unknown = Reflect.get(log, pino.symbols.streamSym)
  if (!isWritable(stream)) throw new TypeError('The logger writes to no stream')
  const bindings = JSON.stringify(log.bindings()).slice(1, -1)
  const bound = bindings === '' ? '' : `,${bindings}`
  return {
    isEnabled: (level) => log.isLevelEnabled(level),
    write: (level, fields) => {
      if (!log.isLevelEnabled(level)) return
      stream.write(`{"level":${LEVELS[level]},"time":${Date.now()}${bound}${fields}}\n`)
    },
  }
}

function isWritable(stream: unknown): stream is { write(line: string): unknown } {
  return typeof stream === 'object' && stream !== null && 'write' in stream && typeof stream.write === 'function'
}
