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
  'x-shadow',
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'accept-encoding',
  'expect',
  'x-request-id',
  'traceparent',
  'tracestate',
])

/** Not the client's business: what names or marks the server behind, and what the gateway states itself. */
const KEPT_FROM_CLIENT = new Set([
  ...HOP_BY_HOP,
  'content-length',
  'server',
  'date',
  'set-cookie',
  'alt-svc',
  'x-request-id',
  'x-upstream',
  'x-fallback-model',
])

/** Headers as they are sent on. */
export type ForwardedHeaders = Record<string, string | string[]>

/**
 * The headers of the call to the upstream. The client's key stays here; `accept-encoding: identity`, because a stream
 * that is compressed arrives late.
 *
 * @param own what the gateway adds: trace context, the upstream's credentials
 */
export function upstreamHeaders(
  client: IncomingHttpHeaders,
  requestId: string,
  own?: Readonly<Record<string, string>>,
): ForwardedHeaders {
  const forwarded = forward(client, KEPT_FROM_UPSTREAM, 'x-forwarded-')
  forwarded['content-type'] = 'application/json'
  forwarded['accept-encoding'] = 'identity'
  forwarded['x-request-id'] = requestId
  return add(forwarded, own)
}

/**
 * The headers of the answer to the client, without `content-length`: its bytes may become others. An event stream asks
 * proxies in between not to hold it back.
 *
 * @param own what the gateway says of the call
 */
export function clientHeaders(upstream: IncomingHttpHeaders, own: Readonly<Record<string, string>>): ForwardedHeaders {
  // Which browsers may call is the gateway's own answer, and that is: those of no other origin.
  const forwarded = forward(upstream, KEPT_FROM_CLIENT, 'access-control-')
  if (isEventStream(upstream)) {
    forwarded['cache-control'] = 'no-cache'
    forwarded['x-accel-buffering'] = 'no'
  }
  return add(forwarded, own)
}

/** Whether an answer is server-sent events as they are: a server may compress them though it was asked not to. */
export function isReadableEventStream(headers: IncomingHttpHeaders): boolean {
  return isEventStream(headers) && isIdentity(headers)
}

/** Whether an answer is JSON as it is. */
export function isReadableJson(headers: IncomingHttpHeaders): boolean {
  return /^application\/json\b/i.test(headers['content-type'] ?? '') && isIdentity(headers)
}

function isIdentity(headers: IncomingHttpHeaders): boolean {
  const encoding = headers['content-encoding']
  return encoding === undefined || /^(identity)?$/i.test(encoding)
}

/** Whether an answer is server-sent events, however they are coded. */
export function isEventStream(headers: IncomingHttpHeaders): boolean {
  return /^text\/event-stream\b/i.test(headers['content-type'] ?? '')
}

/** Runs twice a call: one loop, and no list of the headers that `connection` names where it names none. */
function forward(headers: IncomingHttpHeaders, kept: ReadonlySet<string>, keptPrefix: string): ForwardedHeaders {
  const forwarded: ForwardedHeaders = {}
  const named = namedByConnection(headers.connection)
  for (const name in headers) {
    if (kept.has(name) || name.startsWith(keptPrefix)) continue
    const value = headers[name]
    if (value !== undefined && named?.has(name) !== true) forwarded[name] = value
  }
  return forwarded
}

function namedByConnection(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()))
}

function add(headers: ForwardedHeaders, own: Readonly<Record<string, string>> | undefined): ForwardedHeaders {
  return own === undefined ? headers : Object.assign(headers, own)
}
