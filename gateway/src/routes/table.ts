import { GatewayError } from '../errors.ts'
import type { AuthenticatedCall, Call } from './call.ts'
import { answerChatCompletions } from './chat-completions.ts'
import { answerHealth, answerMetrics } from './health.ts'
import { answerModel, answerModels } from './models.ts'

/** One thing the gateway answers. A path that ends in `/*` takes everything below, but not nothing. */
export type Route = { readonly method: 'GET' | 'POST'; readonly path: string } & (
  | { readonly access: 'open'; readonly answer: (call: Call) => Promise<void> }
  | { readonly access: 'key'; readonly answer: (call: AuthenticatedCall) => Promise<void> }
)

/** All of them. What is not here is refused: servers behind the gateway have paths that no client may reach. */
const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/health', access: 'open', answer: answerHealth },
  { method: 'GET', path: '/metrics', access: 'open', answer: answerMetrics },
  { method: 'GET', path: '/v1/models', access: 'key', answer: answerModels },
  { method: 'GET', path: '/v1/models/*', access: 'key', answer: answerModel },
  { method: 'POST', path: '/v1/chat/completions', access: 'key', answer: answerChatCompletions },
]

/** The paths that need no key. */
export const OPEN_ROUTES: ReadonlySet<string> = new Set(
  ROUTES.filter(({ access }) => access === 'open').map(({ path }) => path),
)

/**
 * The route of a request. Paths are compared as they came: nothing is decoded or normalised, so nothing can be reached
 * by another spelling. HEAD is answered like GET.
 *
 * @throws GatewayError `unknown_url` or `method_not_allowed`
 */
export function findRoute(method: string, path: string): Route {
  const here = ROUTES.filter((route) => matches(route.path, path))
  const wanted = method === 'HEAD' ? 'GET' : method
  const route = here.find((candidate) => candidate.method === wanted)
  if (route !== undefined) return route
  if (here.length === 0) throw new GatewayError('unknown_url', 'There is nothing at this URL. See GET /v1/models.')
  const allow = here.map((candidate) => candidate.method).join(', ')
  throw new GatewayError('method_not_allowed', `This URL takes ${allow} only.`, { headers: { allow } })
}

function matches(pattern: string, path: string): boolean {
  if (!pattern.endsWith('/*')) return path === pattern
  const prefix = pattern.slice(0, -1)
  return path.length > prefix.length && path.startsWith(prefix)
}
