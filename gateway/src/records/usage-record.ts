import type { Exchange } from '../exchange/exchange.ts'
import type { CallRecord } from './call-record.ts'
import { booleanField, numberField, textField } from './json-fields.ts'

/** A request that an upstream took on, when it has ended. */
export interface EndedCall {
  readonly exchange: Pick<Exchange, 'requestId'>
  readonly record: CallRecord
  readonly status: number
  readonly durationMs: number
}

/** Where usage records go. */
export interface UsageSink {
  write(call: EndedCall): void
  close(): Promise<void>
}

/**
 * The fields of one usage record, as JSON: what counting and billing need, nothing of what was said. Without its time,
 * which a line of the log has anyway.
 */
export function renderUsageFields({ exchange, record, status, durationMs }: EndedCall): string {
  const { usage, caller, firstByteMs } = record
  return (
    textField('request_id', exchange.requestId) +
    textField('key_id', caller?.id) +
    textField('team', caller?.team) +
    textField('model', record.modelLabel) +
    textField('upstream', record.upstream) +
    booleanField('stream', record.stream) +
    numberField('status', status) +
    numberField('prompt_tokens', usage?.promptTokens) +
    numberField('completion_tokens', usage?.completionTokens) +
    numberField('total_tokens', usage && usage.promptTokens + usage.completionTokens) +
    textField('source', usage?.source) +
    numberField('duration_ms', Math.round(durationMs)) +
    numberField('ttft_ms', firstByteMs === undefined ? undefined : Math.round(firstByteMs))
  )
}
