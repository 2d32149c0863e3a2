import type { ForwardedHeaders } from '../relay/headers.ts'
import { upstreamHeaders } from '../relay/headers.ts'
import { credentialHeaders } from '../upstreams/credentials.ts'
import type { Endpoint } from '../upstreams/endpoint.ts'
import type { Admitted } from './attempts.ts'
import type { AuthenticatedCall } from './call.ts'

/** The headers of a call to an endpoint: the client's, the trace, and the endpoint's own credentials. */
export function requestHeaders({ exchange, record }: AuthenticatedCall, { settings }: Endpoint): ForwardedHeaders {
  const headers = upstreamHeaders(exchange.headers, exchange.requestId, record.trace.headers)
  return settings.credentials === undefined ? headers : Object.assign(headers, credentialHeaders(settings))
}

/** What the gateway says of a call in the head of its answer. */
export function answerHeaders({ call, limitHeaders }: Admitted): Record<string, string> {
  const { record } = call
  const headers: Record<string, string> = { ...limitHeaders }
  headers['openai-processing-ms'] = String(Math.round(performance.now() - record.startedMs))
  if (record.upstream !== undefined) headers['x-upstream'] = record.upstream
  if (record.fallbackModel !== undefined) headers['x-fallback-model'] = record.fallbackModel
  if (record.attempts > 1) headers['x-nexus-attempts'] = String(record.attempts)
  headers['x-trace-id'] = record.trace.traceId
  return headers
}
