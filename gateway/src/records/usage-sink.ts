import type { Logger } from 'pino'
import type { GatewayConfig } from '../config/schema.ts'
import { LineFile } from './line-file.ts'
import { usageRecord, type EndedCall, type UsageSink } from './usage-record.ts'

/** What a {@link UsageSink} works with. */
export interface UsageSinkOptions {
  /** As it is now: `usage` may change while the gateway runs. */
  readonly config: () => Pick<GatewayConfig, 'usage'>
  readonly log: Logger
  /** Told of records that could not be written. */
  readonly onLost?: (records: number) => void
}

/** Records go to the file that is configured, else to the log as lines with the event `usage`. */
export function createUsageSink({ config, log, onLost }: UsageSinkOptions): UsageSink {
  let file: LineFile | undefined
  let isFailing = false
  const lost = (records: number, cause: unknown): void => {
    onLost?.(records)
    if (isFailing) return
    isFailing = true
    log.error({ event: 'usage_lost', err: cause }, 'usage records cannot be written')
  }
  const fileAt = (path: string): LineFile => {
    if (file?.path === path) return file
    void file?.flush()
    isFailing = false
    file = new LineFile({ path, onLost: lost })
    return file
  }
  return {
    write: (call: EndedCall) => {
      const { usage } = config()
      if (!usage.enabled) return
      const record = usageRecord(call, new Date())
      if (usage.file === undefined) log.info({ event: 'usage', ...record })
      else fileAt(usage.file).append(JSON.stringify(record))
    },
    close: async () => file?.flush(),
  }
}
