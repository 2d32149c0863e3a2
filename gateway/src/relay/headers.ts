import type { IncomingHttpHeaders } from 'node:http'

/** Headers of one connection, which a proxy consumes (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** Not the upstream's business: the client's credentials, its network, and what the gateway states itself. */
const KEPT_FROM_UPSTREAM = new Set([
  ...HOP_BY_HOP,
  'authorization',
  'x-api-key',
  'api-key',
  'cookie',
  'forwarded',
  'x-real-ip',
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'accept-encoding',
  'expect',
  'x-request-id',
])

/** Not the client's business: what names or marks the server behind, and what the gateway states itself. */
const KEPT_FROM_CLIENT = new Set([
  ...HOP_BY_HOP,
  'server',
  'date',
  'set-cookie',
  'alt-svc',
  'x-request-id',
  'x-upstream',
])

/** Headers as they are sent on. */
export type ForwardedHeaders = Record<string, string | string[]>

/**
 * The headers of the call to the upstream. The client's key stays here; `accept-encoding: identity`, because a stream
 * that is compressed arrives late.
 */
export function upstreamHeaders(client: IncomingHttpHeaders, requestId: string): ForwardedHeaders {
  return {
    ...forward(client, (name) => KEPT_FROM_UPSTREAM.has(name) || name.startsWith('x-forwarded-')),
    'content-type': 'application/json',
    'accept-encoding': 'identity',
    'x-request-id': requestId,
  }
}

/** The headers of the answer to the client. An event stream asks proxies in between not to hold it back. */
export function clientHeaders(upstream: IncomingHttpHeaders, upstreamName: string): ForwardedHeaders {
  return {
    ...forward(upstream, (name) => KEPT_FROM_CLIENT.has(name)),
    ...(isEventStream(upstream) ? { 'cache-control': 'no-cache', 'x-accel-buffering': 'no' } : {}),
    'x-upstream': upstreamName,
  }
}

/** Whether an answer is server-sent events as they are: a server may compress them though it was asked not to. */
export function isReadableEventStream(headers: IncomingHttpHeaders): boolean {
  return isEventStream(headers) && /^(identity)?$/i.test(headers['content-encoding'] ?? '')
}

function isEventStream(headers: IncomingHttpHeaders): boolean {
  return /^text\/event-stream\b/i.test(headers['content-type'] ?? '')
}

function forward(headers: IncomingHttpHeaders, isKept: (name: string) => boolean): ForwardedHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
  const forwarded: ForwardedHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !isKept(name) && !named.has(name)) forwarded[name] = value
  }
  return forwarded
}
