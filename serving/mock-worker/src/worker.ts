import type { IncomingMessage, ServerResponse } from 'node:http'
import { Admission } from './admission.ts'
import type { WorkerConfig } from './config.ts'
import { Inference, notReady } from './inference.ts'
import type { ReplyTo } from './inference.ts'
import type { Log } from './log.ts'
import { Metrics } from './metrics.ts'
import { findModel, listModels, metadataOf, versionOf } from './models.ts'
import { OpenAIError, sendError, sendJson } from './openai-error.ts'
import { replyToChat } from './routes/chat.ts'
import { replyToCompletion } from './routes/completions.ts'
import { replyToEmbeddings } from './routes/embeddings.ts'
import { replyToRanking, replyToRerank } from './routes/ranking.ts'
import { replyToResponse } from './routes/responses.ts'

/** Whether the worker takes requests: a NIM is `starting` until its weights are there. */
export type Phase = 'starting' | 'ready' | 'draining'

const MODEL_PREFIX = '/v1/models/'

/** The answers of a worker, whatever server it is behind. */
export class Worker {
  readonly #config: WorkerConfig
  readonly #metrics = new Metrics()
  readonly #admission: Admission
  readonly #inference: Inference
  readonly #created = Math.floor(Date.now() / 1000)
  phase: Phase = 'starting'

  constructor(config: WorkerConfig, log: Log, random: () => number) {
    this.#config = config
    this.#admission = new Admission(config.maxRunning)
    const isStarted = (): boolean => this.phase !== 'starting'
    this.#inference = new Inference({
      config,
      log,
      random,
      metrics: this.#metrics,
      admission: this.#admission,
      isStarted,
    })
  }

  /** Answers one request; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    const route = path.startsWith(MODEL_PREFIX) ? this.#model : this.#routes.get(path)
    if (route === undefined) return sendError(response, new OpenAIError(404, `There is no ${path} here.`))
    if (request.method === route.method) return route.answer(request, response)
    response.setHeader('allow', route.method)
    sendError(response, new OpenAIError(405, `${path} takes ${route.method}.`))
  }

  readonly #routes: ReadonlyMap<string, Route> = new Map([
    ['/health', get((response) => this.#sendReadiness(response))],
    ['/v1/health/live', get((response) => sendJson(response, 200, health('Service is live.')))],
    ['/v1/health/ready', get((response) => this.#sendReadiness(response))],
    ['/v1/models', get((response) => this.#sendModels(response))],
    ['/v1/metadata', get((response) => sendJson(response, 200, metadataOf(this.#config)))],
    ['/v1/version', get((response) => this.#sendVersion(response))],
    ['/metrics', get((response) => this.#sendMetrics(response))],
    ['/v1/metrics', get((response) => this.#sendMetrics(response))],
    ['/mock/stats', get((response) => this.#sendStats(response))],
    ['/v1/chat/completions', this.#post(replyToChat)],
    ['/v1/completions', this.#post(replyToCompletion)],
    ['/v1/embeddings', this.#post(replyToEmbeddings)],
    ['/v1/responses', this.#post(replyToResponse)],
    ['/v1/rerank', this.#post(replyToRerank)],
    ['/v1/ranking', this.#post(replyToRanking)],
  ])

  readonly #model: Route = { method: 'GET', answer: (request, response) => this.#sendModel(request, response) }

  #post(replyTo: ReplyTo): Route {
    return { method: 'POST', answer: (request, response) => this.#inference.answer(request, response, replyTo) }
  }

  #sendReadiness(response: ServerResponse): void {
    if (this.phase === 'ready') return sendJson(response, 200, { status: 'ok', ...health('Service is ready.') })
    sendJson(response, 503, { status: this.phase, ...health('Service is not ready.') })
  }

  #sendModels(response: ServerResponse): void {
    if (this.phase === 'starting') return sendError(response, notReady())
    sendJson(response, 200, { object: 'list', data: listModels(this.#config, this.#created) })
  }

  #sendModel(request: IncomingMessage, response: ServerResponse): void {
    const id = (request.url ?? '').split('?', 1)[0]?.slice(MODEL_PREFIX.length) ?? ''
    try {
      sendJson(response, 200, findModel(listModels(this.#config, this.#created), id))
    } catch (error) {
      if (!(error instanceof OpenAIError)) throw error
      sendError(response, error)
    }
  }

  #sendVersion(response: ServerResponse): void {
    const version = versionOf(this.#config)
    sendJson(response, 200, { release: version, api: version })
  }

  #sendMetrics(response: ServerResponse): void {
    const { modelName, maxRunning } = this.#config
    const { waiting } = this.#admission
    // What is being read or refused runs too, as far as anybody can see from outside.
    const load = { modelName, maxRunning, waiting, running: this.#inference.active - waiting }
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
    response.end(this.#metrics.render({ ...load, adapters: this.#inference.adapters }))
  }

  #sendStats(response: ServerResponse): void {
    const { active, requests, last } = this.#inference
    sendJson(response, 200, { active, aborted: this.#metrics.aborted, requests, last })
  }
}

interface Route {
  readonly method: 'GET' | 'POST'
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>
}

function get(answer: (response: ServerResponse) => void): Route {
  return { method: 'GET', answer: (_request, response) => answer(response) }
}

function health(message: string): object {
  return { object: 'health.response', message }
}
