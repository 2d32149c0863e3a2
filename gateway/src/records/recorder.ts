import type { Logger } from 'pino'
import type { Caller } from '../auth/caller.ts'
import type { GatewayConfig } from '../config/schema.ts'
import type { GatewayError } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { OPEN_ROUTES } from '../routes/table.ts'
import type { CallRecord } from './call-record.ts'
import { continueTrace } from './trace-context.ts'
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

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export function createRecorder(deps: RecorderDeps): Recorder {
  return new LogRecorder(deps)
}

class LogRecorder implements Recorder {
  readonly #deps: RecorderDeps
  #privacy: { readonly of: GatewayConfig['privacy']; readonly rules: Privacy } | undefined

  constructor(deps: RecorderDeps) {
    this.#deps = deps
  }

  begin(exchange: Exchange): CallRecord {
    this.#deps.metrics.inFlight.series().inc()
    const trace = continueTrace(exchange.headers)
    return { startedMs: performance.now(), trace, route: 'other', attempts: 0, admitted: false }
  }

  allowed(exchange: Exchange, caller: Caller): void {
    if (!this.#deps.config().audit.enabled) return
    const fields = { auth_method: caller.method, principal_hash: this.#rules().principalHash(caller) }
    this.#audit(exchange, { ...fields, audit_outcome: 'allow' })
  }

  denied(exchange: Exchange, error: GatewayError): void {
    if (this.#deps.config().audit.enabled) {
      this.#audit(exchange, { audit_outcome: 'deny', audit_reason: error.code })
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

  #accessLine(
    exchange: Exchange,
    record: CallRecord,
    { status, method, durationMs }: { status: number; method: string; durationMs: number },
  ): void {
    // Probes and scrapes come every few seconds for ever; they are worth a line only when they fail.
    const level = OPEN_ROUTES.has(record.route) && status < 400 ? 'debug' : 'info'
    const { caller } = record
    this.#deps.log[level]({
      event: 'request',
      request_id: exchange.requestId,
      trace_id: record.trace.traceId,
      method,
      path: exchange.path.slice(0, 256),
      status,
      duration_ms: round(durationMs),
      bytes: exchange.sent.bodyBytes,
      client_ip: this.#rules().clientIp(exchange.remoteAddress),
      auth_method: caller?.method,
      key_id: caller?.id,
      principal_hash: caller && this.#rules().principalHash(caller),
      model: record.model?.slice(0, 128),
      stream: record.stream,
      upstream: record.upstream,
      attempts: record.attempts,
      fallback_model: record.fallbackModel,
      first_byte_ms: record.firstByteMs === undefined ? undefined : round(record.firstByteMs),
      rate_limited: record.errorCode === 'rate_limit_exceeded' || undefined,
      shadow: record.shadowed,
      error: record.error,
    })
  }

  #audit(exchange: Exchange, fields: object): void {
    const client_ip = this.#rules().clientIp(exchange.remoteAddress)
    const path = exchange.path.slice(0, 256)
    this.#deps.log.info({ event: 'audit_auth', request_id: exchange.requestId, path, client_ip, ...fields })
  }

  #rules(): Privacy {
    const { privacy } = this.#deps.config()
    if (this.#privacy?.of !== privacy) this.#privacy = { of: privacy, rules: createPrivacy(privacy) }
    return this.#privacy.rules
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
