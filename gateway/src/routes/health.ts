import type { Call } from './call.ts'

/** `GET /health`: the process answers. Says nothing of upstreams, so that losing them does not restart the gateway. */
export async function answerHealth({ exchange }: Call): Promise<void> {
  exchange.respond(200, { 'content-type': 'application/json' }, '{"status":"ok"}')
}

/** `GET /metrics`: the Prometheus text format. */
export async function answerMetrics({ exchange, services }: Call): Promise<void> {
  const { registry } = services.metrics
  exchange.respond(200, { 'content-type': registry.contentType }, await registry.metrics())
}
