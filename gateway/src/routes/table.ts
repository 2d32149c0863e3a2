import { GatewayError } from '../errors.ts'
import { answerConfig, answerEndpoints, answerReload } from './admin.ts'
import type { AuthenticatedCall, Call } from './call.ts'
import { answerCircuitBreakers } from './circuit-breakers.ts'
import { answerHealth, answerMetrics, answerReady } from './health.ts'
import { answerInference } from './inference.ts'
import { answerModel, answerModels } from './models.ts'

/** One thing the gateway answers. A path that ends in `/*` takes everything below, but not nothing. */
export type Route = { readonly method: 'GET' | 'POST'; readonly path: string } & (
  | { readonly access: 'open' | 'admin'; readonly answer: (call: Call) => Promise<void> }
  | { readonly access: 'key'; readonly answer: (call: AuthenticatedCall) => Promise<void> }
)

/** Answers that may be streams of OpenAI's older form, which report usage only when asked to. */
const streaming = answerInference({ takesStreamOptions: true, errorForm: 'envelope' })
/** Answers that may be streams of named events. */
const responses = answerInference({ takesStreamOptions: false, errorForm: 'named' })
const plain = answerInference({ takesStreamOptions: false, errorForm: 'envelope' })

const PROBES: readonly Route[] = [
  { method: 'GET', path: '/health', access: 'open', answer: answerHealth },
  { method: 'GET', path: '/live', access: 'open', answer: answerHealth },
  { method: 'GET', path: '/ready', access: 'open', answer: answerReady },
]

const METRICS: Route = { method: 'GET', path: '/metrics', access: 'open', answer: answerMetrics }

/** The main port. What is not here is refused: servers behind the gateway have paths that no client may reach. */
const PUBLIC: readonly Route[] = [
  { method: 'POST', path: '/v1/chat/completions', access: 'key', answer: streaming },
  { method: 'POST', path: '/v1/completions', access: 'key', answer: streaming },
  { method: 'POST', path: '/v1/embeddings', access: 'key', answer: plain },
  { method: 'POST', path: '/v1/responses', access: 'key', answer: responses },
  { method: 'POST', path: '/v1/rerank', access: 'key', answer: plain },
  { method: 'POST', path: '/v1/ranking', access: 'key', answer: plain },
  { method: 'GET', path: '/v1/models', access: 'key', answer: answerModels },
  { method: 'GET', path: '/v1/models/*', access: 'key', answer: answerModel },
  { method: 'GET', path: '/v1/circuit-breakers', access: 'key', answer: answerCircuitBreakers },
  ...PROBES,
]

/** The admin port. */
const ADMIN: readonly Route[] = [
  { method: 'GET', path: '/admin/v1/config', access: 'admin', answer: answerConfig },
  { method: 'GET', path: '/admin/v1/endpoints', access: 'admin', answer: answerEndpoints },
  { method: 'POST', path: '/admin/v1/reload', access: 'admin', answer: answerReload },
  METRICS,
  ...PROBES,
]

/** The routes of one port. */
export class RouteTable {
  readonly #exact = new Map<string, Route>()
  readonly routes: readonly Route[]

  private constructor(routes: readonly Route[]) {
    this.routes = routes
    for (const route of routes) if (!route.path.endsWith('/*')) this.#exact.set(`${route.method} ${route.path}`, route)
  }

  /** @param withMetrics `GET /metrics` is answered here too, as manifests of before the second port expect */
  static forClients(withMetrics: boolean): RouteTable {
    return new RouteTable(withMetrics ? [...PUBLIC, METRICS] : PUBLIC)
  }

  static forAdmins(): RouteTable {
    return new RouteTable(ADMIN)
  }

  /**
   * The route of a request. Paths are compared as they came: nothing is decoded or normalised, so nothing can be reached
   * by another spelling. HEAD is answered like GET.
   *
   * @throws GatewayError `unknown_url` or `method_not_allowed`
   */
  find(method: string, path: string): Route {
    const wanted = method === 'HEAD' ? 'GET' : method
    return this.#exact.get(`${wanted} ${path}`) ?? this.#search(wanted, path)
  }

  #search(method: string, path: string): Route {
    const here = this.routes.filter((route) => matches(route.path, path))
    const route = here.find((candidate) => candidate.method === method)
    if (route !== undefined) return route
    if (here.length === 0)
      throw new GatewayError(
        'unknown_url',
        'There is nothing at this URL. The base URL of a client ends in /v1, and not every OpenAI route is here.',
      )
    const allow = here.map((candidate) => candidate.method).join(', ')
    throw new GatewayError('method_not_allowed', `This URL takes ${allow} only.`, { headers: { allow } })
  }
}

/** The paths that need no credentials. */
export const OPEN_ROUTES: ReadonlySet<string> = new Set([METRICS, ...PROBES].map(({ path }) => path))

function matches(pattern: string, path: string): boolean {
  if (!pattern.endsWith('/*')) return path === pattern
  const prefix = pattern.slice(0, -1)
  return path.length > prefix.length && path.startsWith(prefix)
}
