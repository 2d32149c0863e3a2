import type { Logger } from 'pino'
import type { Exchange } from '../exchange/exchange.ts'
import type { CallRecord } from './call-record.ts'

/** A request that an upstream took on, when it has ended. */
export interface EndedCall {
  readonly exchange: Exchange
  readonly record: CallRecord
  readonly status: number
  readonly durationMs: number
}

/** Where usage records go. */
export interface UsageSink {
  write(call: EndedCall): void
  close(): Promise<void>
}

/** One line of usage: what counting and billing need, nothing of what was said. */
export function usageRecord({ exchange, record, status, durationMs }: EndedCall, now: Date): Record<string, unknown> {
  const { usage, caller } = record
  return {
    time: now.toISOString(),
    request_id: exchange.requestId,
    key_id: caller?.id,
    team: caller?.team,
    model: record.modelLabel,
    upstream: record.upstream,
    stream: record.stream,
    status,
    prompt_tokens: usage?.promptTokens,
    completion_tokens: usage?.completionTokens,
    total_tokens: usage && usage.promptTokens + usage.completionTokens,
    source: usage?.source,
    duration_ms: Math.round(durationMs),
    ttft_ms: record.firstByteMs === undefined ? undefined : Math.round(record.firstByteMs),
  }
}

/** Usage records as log lines of their own. */
export function createLogUsageSink(log: Logger, isEnabled: () => boolean): UsageSink {
  return {
    write: (call) => {
      if (isEnabled()) log.info({ event: 'usage', ...usageRecord(call, new Date()) })
    },
    close: () => Promise.resolve(),
  }
}
