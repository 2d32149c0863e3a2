import type { Logger } from 'pino'
import type { Caller } from '../auth/caller.ts'
import type { GatewayConfig } from '../config/schema.ts'
import type { GatewayError } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { OPEN_ROUTES } from '../routes/table.ts'
import type { CallRecord } from './call-record.ts'
import { continueTrace } from './trace-context.ts'
import { booleanField, numberField, textField } from './json-fields.ts'
import { createLogLines, type LogLines } from './log-lines.ts'
import { createPrivacy, type Privacy } from './privacy.ts'
import type { UsageSink } from './usage-record.ts'

/** Writes down what became of every request: metrics, access log, audit log and usage. */
export interface Recorder {
  begin(exchange: Exchange): CallRecord
  /** A credential was accepted. */
  allowed(exchange: Exchange, caller: Caller): void
  /** A credential was missing or refused. */
  denied(exchange: Exchange, error: GatewayError): void
  /** Once for each request, whatever became of it. */
  finish(exchange: Exchange, record: CallRecord): void
}

/** What a {@link Recorder} writes to. */
export interface RecorderDeps {
  readonly config: () => GatewayConfig
  readonly metrics: Metrics
  readonly log: Logger
  readonly usage: UsageSink
}

const REQUEST = textField('event', 'request')
const AUDIT = textField('event', 'audit_auth')

/** How a request ended. */
interface Ending {
  readonly status: number
  /** One of a closed set. */
  readonly method: string
  readonly durationMs: number
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export function createRecorder(deps: RecorderDeps): Recorder {
  return new LogRecorder(deps)
}

class LogRecorder implements Recorder {
  readonly #deps: RecorderDeps
  readonly #lines: LogLines
  #callers = new WeakMap<Caller, string>()
  #privacy: { readonly of: GatewayConfig['privacy']; readonly rules: Privacy } | undefined

  constructor(deps: RecorderDeps) {
    this.#deps = deps
    this.#lines = createLogLines(deps.log)
  }

  begin(exchange: Exchange): CallRecord {
    this.#deps.metrics.inFlight.series().inc()
    const trace = continueTrace(exchange.headers)
    return { startedMs: performance.now(), trace, route: 'other', attempts: 0, admitted: false }
  }

  allowed(exchange: Exchange, caller: Caller): void {
    if (!this.#deps.config().audit.enabled) return
    this.#audit(exchange, this.#callerFields(caller) + textField('audit_outcome', 'allow'))
  }

  denied(exchange: Exchange, error: GatewayError): void {
    if (this.#deps.config().audit.enabled) {
      this.#audit(exchange, textField('audit_outcome', 'deny') + textField('audit_reason', error.code))
    }
  }

  finish(exchange: Exchange, record: CallRecord): void {
    const { metrics, usage } = this.#deps
    const status = exchange.isClientGone ? 499 : exchange.sent.status
    const method = METHODS.has(exchange.method) ? exchange.method : 'other'
    const durationMs = performance.now() - record.startedMs
    metrics.inFlight.series().inc(-1)
    metrics.requests.series(method, record.route, String(status)).inc()
    metrics.requestLatency.series(method, record.route).observe(durationMs / 1000)
    if (status === 499) metrics.clientAborts.series().inc()
    if (record.admitted) usage.write({ exchange, record, status, durationMs })
    if (this.#deps.config().accessLog) this.#accessLine(exchange, record, { status, method, durationMs })
  }

  #accessLine(exchange: Exchange, record: CallRecord, { status, method, durationMs }: Ending): void {
    // Probes and scrapes come every few seconds for ever; they are worth a line only when they fail.
    const level = OPEN_ROUTES.has(record.route) && status < 400 ? 'debug' : 'info'
    if (!this.#lines.isEnabled(level)) return
    this.#lines.write(
      level,
      REQUEST +
        textField('request_id', exchange.requestId) +
        textField('trace_id', record.trace.traceId) +
        textField('method', method) +
        textField('path', exchange.path) +
        numberField('status', status) +
        numberField('duration_ms', round(durationMs)) +
        numberField('bytes', exchange.sent.bodyBytes) +
        textField('client_ip', this.#rules().clientIp(exchange.remoteAddress)) +
        this.#callerFields(record.caller) +
        textField('model', record.model, 128) +
        booleanField('stream', record.stream) +
        textField('upstream', record.upstream) +
        numberField('attempts', record.attempts) +
        textField('fallback_model', record.fallbackModel) +
        numberField('first_byte_ms', record.firstByteMs === undefined ? undefined : round(record.firstByteMs)) +
        booleanField('rate_limited', record.errorCode === 'rate_limit_exceeded' || undefined) +
        booleanField('shadow', record.shadowed) +
        textField('error', record.error, 512),
    )
  }

  #audit(exchange: Exchange, fields: string): void {
    this.#lines.write(
      'info',
      AUDIT +
        textField('request_id', exchange.requestId) +
        textField('path', exchange.path) +
        textField('client_ip', this.#rules().clientIp(exchange.remoteAddress)) +
        fields,
    )
  }

  /** The same for every request of a caller, so they are made once. */
  #callerFields(caller: Caller | undefined): string {
    if (caller === undefined) return ''
    const rules = this.#rules()
    let fields = this.#callers.get(caller)
    if (fields === undefined) {
      fields =
        textField('auth_method', caller.method) +
        textField('key_id', caller.id) +
        textField('principal_hash', rules.principalHash(caller))
      this.#callers.set(caller, fields)
    }
    return fields
  }

  #rules(): Privacy {
    const { privacy } = this.#deps.config()
    if (this.#privacy?.of !== privacy) {
      this.#privacy = { of: privacy, rules: createPrivacy(privacy) }
      this.#callers = new WeakMap()
    }
    return this.#privacy.rules
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
