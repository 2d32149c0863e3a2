/** What the worker counts. */
export class Metrics {
  readonly #answers = new Map<number, number>()
  /** Chat requests received and not yet answered. */
  running = 0
  /** Chat requests whose client left before the answer was complete. */
  aborted = 0
  promptTokens = 0
  generatedTokens = 0

  /** Counts one answered chat request. */
  answered(status: number): void {
    this.#answers.set(status, (this.#answers.get(status) ?? 0) + 1)
  }

  /** The Prometheus text exposition format 0.0.4, under our names and under those a NIM 1.x uses. */
  render(modelName: string): string {
    const model = `{model_name="${modelName.replaceAll(/[\\"]/g, '\\$&')}"}`
    const answers = [...this.#answers].sort(([a], [b]) => a - b)
    return [
      ...family('mock_worker_requests_total', 'counter', 'Chat requests answered, by HTTP status.'),
      ...answers.map(([status, count]) => `mock_worker_requests_total{status="${status}"} ${count}`),
      ...single('mock_worker_requests_in_flight', 'gauge', 'Chat requests being answered.', this.running),
      ...single(
        'mock_worker_requests_aborted_total',
        'counter',
        'Chat requests whose client left early.',
        this.aborted,
      ),
      ...single('mock_worker_tokens_generated_total', 'counter', 'Tokens generated.', this.generatedTokens),
      ...single('num_requests_running', 'gauge', 'Requests being answered.', this.running, model),
      ...single('num_requests_waiting', 'gauge', 'Requests in the queue: a mock has none.', 0, model),
      ...single('prompt_tokens_total', 'counter', 'Prompt tokens read.', this.promptTokens, model),
      ...single('generation_tokens_total', 'counter', 'Tokens generated.', this.generatedTokens, model),
      '',
    ].join('\n')
  }
}

function family(name: string, type: 'counter' | 'gauge', help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}

function single(name: string, type: 'counter' | 'gauge', help: string, value: number, labels = ''): string[] {
  return [...family(name, type, help), `${name}${labels} ${value}`]
}
