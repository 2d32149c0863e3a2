import type { Call } from './call.ts'
import { answerJson } from './json.ts'

/** `GET /health`, `GET /live`: the process answers. Says nothing of upstreams, so that losing them does not restart the gateway. */
export async function answerHealth({ exchange }: Call): Promise<void> {
  exchange.respond(200, { 'content-type': 'application/json' }, '{"status":"ok"}')
}

/** `GET /ready`: it takes calls. Lost upstreams and a lost Redis show in the body and do not make it unready. */
export async function answerReady(call: Call): Promise<void> {
  const { services } = call
  const ready = services.isReady()
  const endpoints = services.registry.endpoints()
  const body = {
    status: ready ? 'ready' : 'stopping',
    endpoints: { total: endpoints.length, available: endpoints.filter((endpoint) => endpoint.isAvailable()).length },
    limits: services.limitsBackend(),
  }
  answerJson(call, body, ready ? 200 : 503)
}

/** `GET /metrics`: the Prometheus text format. */
export async function answerMetrics({ exchange, services: { metrics } }: Call): Promise<void> {
  exchange.respond(200, { 'content-type': metrics.contentType }, await metrics.render())
}
