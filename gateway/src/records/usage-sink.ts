import type { Logger } from 'pino'
import type { GatewayConfig } from '../config/schema.ts'
import { textField } from './json-fields.ts'
import { LineFile } from './line-file.ts'
import { createLogLines } from './log-lines.ts'
import { renderUsageFields, type UsageSink } from './usage-record.ts'

/** What a {@link UsageSink} works with. */
export interface UsageSinkOptions {
  /** As it is now: `usage` may change while the gateway runs. */
  readonly config: () => Pick<GatewayConfig, 'usage'>
  readonly log: Logger
  /** Told of records that could not be written. */
  readonly onLost?: (records: number) => void
}

const EVENT = textField('event', 'usage')

/** Records go to the file that is configured, else to the log as lines with the event `usage`. */
export function createUsageSink({ config, log, onLost }: UsageSinkOptions): UsageSink {
  const lines = createLogLines(log)
  const files = new Files(log, onLost)
  let time = { ms: 0, text: '' }
  const timeOf = (ms: number): string => {
    if (ms !== time.ms) time = { ms, text: new Date(ms).toISOString() }
    return time.text
  }
  return {
    write: (call) => {
      const { usage } = config()
      if (!usage.enabled) return
      const fields = renderUsageFields(call)
      if (usage.file === undefined) lines.write('info', EVENT + fields)
      else files.at(usage.file).append(`{"time":"${timeOf(Date.now())}"${fields}}`)
    },
    close: () => files.close(),
  }
}

/** The file of now, and those of before that are not written yet. */
class Files {
  readonly #log: Logger
  readonly #onLost: UsageSinkOptions['onLost']
  readonly #leaving = new Set<Promise<void>>()
  #file: LineFile | undefined
  #isFailing = false

  constructor(log: Logger, onLost: UsageSinkOptions['onLost']) {
    this.#log = log
    this.#onLost = onLost
  }

  at(path: string): LineFile {
    if (this.#file?.path === path) return this.#file
    this.#leave()
    this.#isFailing = false
    this.#file = new LineFile({
      path,
      onLost: (lines, cause) => this.#lost(lines, cause),
      onWritten: () => (this.#isFailing = false),
    })
    return this.#file
  }

  async close(): Promise<void> {
    this.#leave()
    await Promise.all(this.#leaving)
  }

  #leave(): void {
    if (this.#file === undefined) return
    const flushed = this.#file.flush().finally(() => this.#leaving.delete(flushed))
    this.#leaving.add(flushed)
    this.#file = undefined
  }

  /** A full disk fails each second: one line of the log says so, the metric says how much. */
  #lost(records: number, cause: unknown): void {
    this.#onLost?.(records)
    if (this.#isFailing) return
    this.#isFailing = true
    this.#log.error({ event: 'usage_lost', err: cause }, 'usage records cannot be written to their file')
  }
}
