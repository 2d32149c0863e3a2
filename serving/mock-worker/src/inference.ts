import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Admission } from './admission.ts'
import { readBody } from './body.ts'
import type { WorkerConfig } from './config.ts'
import { baseModel, FAULT_HEADER, parseFaults } from './faults/faults.ts'
import type { Faults } from './faults/faults.ts'
import { Recurrence } from './faults/recurrence.ts'
import type { Fields } from './fields.ts'
import { parseBody, readModel } from './fields.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { modelNotFound } from './models.ts'
import { OpenAIError, sendError } from './openai-error.ts'
import type { Reply } from './reply.ts'
import { sendBody, sendReply } from './send-reply.ts'
import type { Outcome, SendDeps } from './send-reply.ts'
import { lastRequest } from './stats.ts'
import type { LastRequest } from './stats.ts'

/** Makes the reply to a request; throws `OpenAIError` where it cannot. */
export type ReplyTo = (fields: Fields, faults: Faults) => Reply

/** What the inference routes share with the rest of the worker. */
export interface InferenceDeps {
  readonly config: WorkerConfig
  readonly log: Log
  /** From 0 to 1. */
  readonly random: () => number
  readonly metrics: Metrics
  readonly admission: Admission
  /** Whether the model is loaded. */
  readonly isStarted: () => boolean
}

/** The life of an inference request, whatever route it came by: read, parse, wait for a place, send, record. */
export class Inference {
  readonly #deps: InferenceDeps
  readonly #recurrence = new Recurrence()
  readonly #adapters: Map<string, number>
  readonly #requestsOf = new WeakMap<Socket, number>()
  /** Requests received. */
  requests = 0
  /** Requests received and not yet answered. */
  active = 0
  last: LastRequest | null = null

  constructor(deps: InferenceDeps) {
    this.#deps = deps
    this.#adapters = new Map(deps.config.loraModels.map((name) => [name, 0]))
  }

  /** The requests of each adapter that are not answered yet. */
  get adapters(): ReadonlyMap<string, number> {
    return this.#adapters
  }

  /** Answers one request; never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse, replyTo: ReplyTo): Promise<void> {
    const started = performance.now()
    const client = new AbortController()
    response.once('close', () => client.abort())
    this.requests++
    this.active++
    let outcome: Outcome = 'complete'
    try {
      outcome = await this.#serve(request, response, replyTo, client.signal)
    } catch (error) {
      this.#fail(error, response)
    } finally {
      this.active--
      this.#record(response, outcome, Math.round(performance.now() - started))
    }
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    replyTo: ReplyTo,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const onConnection = this.#countOn(request.socket)
    const body = await readBody(request)
    this.last = lastRequest(request.method ?? '', request.url ?? '', request.headers, body)
    const fields = parseBody(body)
    const model = readModel(fields)
    const faults = this.#recurrence.admit(parseFaults(headerText(request.headers[FAULT_HEADER]), model))
    if (faults.has('reset-on-reuse') && onConnection > 1) return reset(response)
    this.#refuseUnserved(baseModel(model))
    const reply = replyTo(fields, faults)
    return this.#withAdapter(baseModel(model), () =>
      this.#deps.admission.run(signal, () => this.#send(response, reply, faults, signal)),
    )
  }

  #refuseUnserved(model: string): void {
    const { config, random, isStarted } = this.#deps
    if (!isStarted()) throw notReady()
    const isKnown = model === config.modelName || config.loraModels.includes(model)
    if (config.dress.kind === 'nim' && !isKnown) throw modelNotFound(model)
    if (random() < config.failRate) {
      throw new OpenAIError(503, 'mock failure', { type: 'server_error', code: 'mock_failure' })
    }
  }

  async #send(response: ServerResponse, reply: Reply, faults: Faults, signal: AbortSignal): Promise<Outcome> {
    const { config, metrics } = this.#deps
    metrics.promptTokens += reply.promptTokens
    const delayMs = config.delayMs + (faults.value('first-byte-delay') ?? 0)
    if (delayMs > 0) await sleep(delayMs, undefined, { signal })
    refuseByFault(response, faults)
    const onTokens = (count: number): void => void (metrics.generatedTokens += count)
    const deps: SendDeps = { faults, tokenDelayMs: config.tokenDelayMs, signal, onTokens }
    if (faults.has('not-json')) return sendBody(response, 'this is not JSON', deps)
    return sendReply(response, reply, deps)
  }

  /** Which request of its connection this is, from 1. */
  #countOn(socket: Socket): number {
    const count = (this.#requestsOf.get(socket) ?? 0) + 1
    this.#requestsOf.set(socket, count)
    return count
  }

  async #withAdapter<T>(model: string, task: () => Promise<T>): Promise<T> {
    const add = (count: number): void => {
      const before = this.#adapters.get(model)
      if (before !== undefined) this.#adapters.set(model, before + count)
    }
    add(1)
    try {
      return await task()
    } finally {
      add(-1)
    }
  }

  /** A client that left needs no answer; everything else gets an envelope. */
  #fail(error: unknown, response: ServerResponse): void {
    if (response.destroyed) return
    if (error instanceof OpenAIError) return sendError(response, error)
    this.#deps.log.error('A request failed', { error: String(error) })
    if (response.headersSent) response.destroy()
    else sendError(response, new OpenAIError(500, 'The worker failed.', { type: 'server_error' }))
  }

  #record(response: ServerResponse, outcome: Outcome, durationMs: number): void {
    const { metrics, log } = this.#deps
    const path = response.req.url?.split('?', 1)[0]
    const broken = outcome === 'broken'
    const aborted = !broken && !response.writableEnded
    if (aborted) metrics.aborted++
    else if (!broken) metrics.answered(response.statusCode)
    const end = broken ? { broken } : aborted ? { aborted } : { status: response.statusCode }
    log.info('request', { path, ...end, duration_ms: durationMs })
  }
}

/** The refusal of a model that is still loading. */
export function notReady(): OpenAIError {
  return new OpenAIError(503, 'The model is still starting.', { type: 'server_error', code: 'model_not_ready' })
}

/** Throws the error that the faults ask for; `retry-after` alone is 429. */
function refuseByFault(response: ServerResponse, faults: Faults): void {
  const retryAfter = faults.value('retry-after')
  const status = faults.value('status') ?? (retryAfter === undefined ? undefined : 429)
  if (status === undefined) return
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
  const type = status === 429 ? 'rate_limit_error' : status < 500 ? 'invalid_request_error' : 'server_error'
  throw new OpenAIError(status, `mock failure ${status}`, { type, code: 'mock_failure' })
}

/** Closes the connection as a server does that had given it up just before: without a byte. */
function reset(response: ServerResponse): Outcome {
  response.socket?.resetAndDestroy()
  return 'broken'
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(';') : value
}
