/** What is read of the worker when its metrics are asked for. */
export interface Load {
  readonly modelName: string
  readonly running: number
  readonly waiting: number
  /** The most requests that run at once; 0: no limit. */
  readonly maxRunning: number
  /** The adapters that can be served, and how many requests each has that are not answered yet. */
  readonly adapters: ReadonlyMap<string, number>
}

/** How many requests fill the pretended cache of a worker that has no limit. */
const UNLIMITED_FILL = 256

/** What the worker counts. */
export class Metrics {
  readonly #answers = new Map<number, number>()
  /** Inference requests whose client left before the answer was complete. */
  aborted = 0
  promptTokens = 0
  generatedTokens = 0

  /** Counts one answered inference request. */
  answered(status: number): void {
    this.#answers.set(status, (this.#answers.get(status) ?? 0) + 1)
  }

  /** The Prometheus text exposition format 0.0.4: our names, then those of vLLM, then those of a NIM 1.x. */
  render(load: Load): string {
    const answers = [...this.#answers].sort(([a], [b]) => a - b)
    return [
      ...family('mock_worker_requests_total', 'counter', 'Inference requests answered, by HTTP status.'),
      ...answers.map(([status, count]) => `mock_worker_requests_total{status="${status}"} ${count}`),
      ...single('mock_worker_requests_in_flight', 'gauge', 'Requests not answered yet.', load.running + load.waiting),
      ...single('mock_worker_requests_aborted_total', 'counter', 'Requests whose client left early.', this.aborted),
      ...single('mock_worker_tokens_generated_total', 'counter', 'Tokens generated.', this.generatedTokens),
      ...this.#engine(load, 'vllm:', 'kv_cache_usage_perc'),
      ...adapters(load),
      ...this.#engine(load, '', 'gpu_cache_usage_perc'),
      ...single('num_request_max', 'gauge', 'Requests that run at once.', capacity(load), labels(load)),
      '',
    ].join('\n')
  }

  /** The names that both kinds of server share, but for their prefix and the name of the cache. */
  #engine(load: Load, prefix: string, cache: string): string[] {
    const gauge = (name: string, help: string, value: number): string[] =>
      single(`${prefix}${name}`, 'gauge', help, value, labels(load))
    const counter = (name: string, help: string, value: number): string[] =>
      single(`${prefix}${name}`, 'counter', help, value, labels(load))
    return [
      ...gauge('num_requests_running', 'Requests being answered.', load.running),
      ...gauge('num_requests_waiting', 'Requests in the queue.', load.waiting),
      ...gauge(cache, 'Share of the pretended cache in use.', Math.min(1, load.running / capacity(load))),
      ...counter('prompt_tokens_total', 'Prompt tokens read.', this.promptTokens),
      ...counter('generation_tokens_total', 'Tokens generated.', this.generatedTokens),
    ]
  }
}

function adapters({ adapters }: Load): string[] {
  if (adapters.size === 0) return []
  const busy = [...adapters].filter(([, count]) => count > 0).map(([name]) => name)
  const value = `max_lora="${adapters.size}",running_lora_adapters="${escape(busy.join(','))}",waiting_lora_adapters=""`
  const seconds = Math.floor(Date.now() / 1000)
  return single('vllm:lora_requests_info', 'gauge', 'Adapters with requests.', seconds, `{${value}}`)
}

function capacity({ maxRunning }: Load): number {
  return maxRunning === 0 ? UNLIMITED_FILL : maxRunning
}

function labels({ modelName }: Load): string {
  return `{model_name="${escape(modelName)}"}`
}

function escape(value: string): string {
  return value.replaceAll(/[\\"]/g, '\\$&')
}

function family(name: string, type: 'counter' | 'gauge', help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}

function single(name: string, type: 'counter' | 'gauge', help: string, value: number, labels = ''): string[] {
  return [...family(name, type, help), `${name}${labels} ${value}`]
}
