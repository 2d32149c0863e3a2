import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerTo } from './answer.ts'
import { readBody } from './body.ts'
import { parseChatRequest } from './chat-request.ts'
import type { ChatRequest } from './chat-request.ts'
import { sendCompletion, streamCompletion } from './completion.ts'
import type { WorkerConfig } from './config.ts'
import type { Log } from './log.ts'
import { Metrics } from './metrics.ts'
import { OpenAIError, sendError, sendJson } from './openai-error.ts'

/** Whether the worker takes chats: a NIM is `starting` until its weights are there. */
export type Phase = 'starting' | 'ready' | 'draining'

/** The answers of a worker, whatever server it is behind. */
export class Worker {
  readonly metrics = new Metrics()
  readonly #config: WorkerConfig
  readonly #log: Log
  readonly #random: () => number
  readonly #created = Math.floor(Date.now() / 1000)
  phase: Phase = 'starting'

  constructor(config: WorkerConfig, log: Log, random: () => number) {
    this.#config = config
    this.#log = log
    this.#random = random
  }

  /** Answers one request; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    const route = this.#routes[path]
    if (route === undefined) return sendError(response, new OpenAIError(404, `There is no ${path} here.`))
    if (request.method === route.method) return route.answer(request, response)
    response.setHeader('allow', route.method)
    sendError(response, new OpenAIError(405, `${path} takes ${route.method}.`))
  }

  readonly #routes: Readonly<Record<string, Route>> = {
    '/health': get((response) => this.#sendReadiness(response)),
    '/v1/health/live': get((response) => sendJson(response, 200, health('Service is live.'))),
    '/v1/health/ready': get((response) => this.#sendReadiness(response)),
    '/v1/models': get((response) => this.#sendModels(response)),
    '/metrics': get((response) => this.#sendMetrics(response)),
    '/v1/metrics': get((response) => this.#sendMetrics(response)),
    '/v1/chat/completions': { method: 'POST', answer: (request, response) => this.#chat(request, response) },
  }

  #sendReadiness(response: ServerResponse): void {
    if (this.phase === 'ready') return sendJson(response, 200, { status: 'ok', ...health('Service is ready.') })
    sendJson(response, 503, { status: this.phase, ...health('Service is not ready.') })
  }

  #sendModels(response: ServerResponse): void {
    if (this.phase === 'starting') return sendError(response, notReady())
    const id = this.#config.modelName
    const model = {
      id,
      object: 'model',
      created: this.#created,
      owned_by: 'nexus-model-worker',
      root: id,
      parent: null,
    }
    sendJson(response, 200, { object: 'list', data: [model] })
  }

  #sendMetrics(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
    response.end(this.metrics.render(this.#config.modelName))
  }

  async #chat(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now()
    const client = new AbortController()
    response.once('close', () => client.abort())
    this.metrics.running++
    try {
      const chat = parseChatRequest(await readBody(request))
      this.#refuseUnserved(chat)
      await this.#complete(chat, response, client.signal)
    } catch (error) {
      this.#fail(error, response)
    } finally {
      this.metrics.running--
      this.#record(response, Math.round(performance.now() - started))
    }
  }

  #refuseUnserved({ model }: ChatRequest): void {
    if (this.phase === 'starting') throw notReady()
    if (this.#config.dress.kind === 'nim' && model !== this.#config.modelName) {
      const code = 'model_not_found'
      throw new OpenAIError(404, `The model ${JSON.stringify(model)} does not exist.`, { param: 'model', code })
    }
    if (this.#random() < this.#config.failRate) {
      throw new OpenAIError(503, 'mock failure', { type: 'server_error', code: 'mock_failure' })
    }
  }

  async #complete(chat: ChatRequest, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const answer = answerTo(chat)
    const { delayMs, tokenDelayMs } = this.#config
    const onToken = (count: number) => void (this.metrics.generatedTokens += count)
    this.metrics.promptTokens += answer.promptTokens
    if (delayMs > 0) await sleep(delayMs, undefined, { signal })
    if (chat.stream) await streamCompletion(response, chat, answer, { tokenDelayMs, signal, onToken })
    else sendCompletion(response, chat, answer, { tokenDelayMs, signal, onToken })
  }

  /** A client that left needs no answer; everything else gets an envelope. */
  #fail(error: unknown, response: ServerResponse): void {
    if (response.destroyed) return
    if (error instanceof OpenAIError) return sendError(response, error)
    this.#log.error('A chat failed', { error: String(error) })
    if (response.headersSent) response.destroy()
    else sendError(response, new OpenAIError(500, 'The worker failed.', { type: 'server_error' }))
  }

  #record(response: ServerResponse, durationMs: number): void {
    const aborted = !response.writableEnded
    if (aborted) this.metrics.aborted++
    else this.metrics.answered(response.statusCode)
    this.#log.info('chat', { ...(aborted ? { aborted } : { status: response.statusCode }), duration_ms: durationMs })
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

function notReady(): OpenAIError {
  return new OpenAIError(503, 'The model is still starting.', { type: 'server_error', code: 'model_not_ready' })
}
