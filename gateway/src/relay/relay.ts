import { GatewayError, renderEnvelope, toGatewayError } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Target } from '../routing/resolve.ts'
import { EventTail } from './event-tail.ts'
import { clientHeaders, isReadableEventStream, upstreamHeaders } from './headers.ts'
import { UpstreamError, type UpstreamClient, type UpstreamResponse } from './upstream-client.ts'
import { Watchdog } from './watchdog.ts'

/** How long the upstream may be silent, in milliseconds. */
export interface RelayTimeouts {
  /** Until the first byte of the answer's body. */
  readonly firstByteMs: number
  /** Between two pieces of it. */
  readonly idleMs: number
}

/** What a relay needs besides the call itself. */
export interface RelayDeps {
  readonly client: UpstreamClient
  readonly timeouts: RelayTimeouts
  /** Called when the first byte of the answer's body is there. */
  readonly onFirstByte: () => void
}

/** How a call ended once its answer had begun. Before that, `relay` throws instead and nothing has been sent. */
export type RelayOutcome =
  | { readonly kind: 'complete' }
  | { readonly kind: 'client-gone' }
  /** The upstream broke off and the client was told so, as far as its format allows. */
  | { readonly kind: 'cut'; readonly error: GatewayError }

/**
 * Sends a body to an upstream and its answer to the client, byte for byte and no faster than the client reads. The
 * head is held back until the first byte of the body, so that everything that fails before it is a proper error answer.
 *
 * @throws GatewayError `no_healthy_upstream`, `upstream_error`, `upstream_timeout` or `client_closed_request`, when no
 *   byte of an answer was sent
 */
export async function relay(
  exchange: Exchange,
  call: { readonly target: Target; readonly path: string; readonly body: Buffer },
  deps: RelayDeps,
): Promise<RelayOutcome> {
  const watchdog = new Watchdog(exchange.clientGone)
  try {
    watchdog.arm(deps.timeouts.firstByteMs)
    const response = await deps.client.send({
      url: call.target.url + call.path,
      headers: upstreamHeaders(exchange.headers, exchange.requestId),
      body: call.body,
      signal: watchdog.signal,
    })
    return await relayAnswer(exchange, response, { ...deps, watchdog, upstream: call.target.upstream })
  } catch (error) {
    throw refusalFor(error, call.target.upstream)
  } finally {
    watchdog.close()
  }
}

interface AnswerDeps extends RelayDeps {
  readonly watchdog: Watchdog
  readonly upstream: string
}

async function relayAnswer(exchange: Exchange, response: UpstreamResponse, deps: AnswerDeps): Promise<RelayOutcome> {
  const pieces = response.body[Symbol.asyncIterator]()
  const first = await pieces.next()
  deps.watchdog.disarm()
  deps.onFirstByte()
  exchange.open(response.status, clientHeaders(response.headers, deps.upstream))
  const tail = isReadableEventStream(response.headers) && response.status < 300 ? new EventTail() : undefined
  try {
    await relayPieces(exchange, pieces, first, tail, deps)
    if (tail !== undefined && !tail.isDone) throw new UpstreamError('broken', 'the stream ended without [DONE]')
    exchange.end()
    return { kind: 'complete' }
  } catch (error) {
    if (exchange.clientGone.aborted) return { kind: 'client-gone' }
    return await cutShort(exchange, tail, refusalFor(error, deps.upstream))
  } finally {
    // Whatever ended this, the upstream must not go on generating.
    deps.watchdog.close()
  }
}

async function relayPieces(
  exchange: Exchange,
  pieces: AsyncIterator<Uint8Array>,
  first: IteratorResult<Uint8Array>,
  tail: EventTail | undefined,
  { watchdog, timeouts }: AnswerDeps,
): Promise<void> {
  for (let piece = first; piece.done !== true;) {
    tail?.push(piece.value)
    await exchange.write(piece.value)
    watchdog.arm(timeouts.idleMs)
    piece = await pieces.next()
    watchdog.disarm()
  }
}

/** A stream gets an error event and no `[DONE]`; of anything else only a broken connection says that it is not whole. */
async function cutShort(exchange: Exchange, tail: EventTail | undefined, error: GatewayError): Promise<RelayOutcome> {
  if (tail === undefined) {
    exchange.cut()
    return { kind: 'cut', error }
  }
  const separator = tail.isBetweenEvents ? '' : '\n\n'
  const event = Buffer.from(`${separator}data: ${renderEnvelope(error)}\n\n`)
  try {
    await exchange.write(event)
    exchange.end()
  } catch {
    return { kind: 'client-gone' }
  }
  return { kind: 'cut', error }
}

/** What the client is told. The upstream's address and the exact failure stay in the log, as the cause. */
function refusalFor(error: unknown, upstream: string): GatewayError {
  if (!(error instanceof UpstreamError)) return toGatewayError(error)
  switch (error.kind) {
    case 'unreachable':
      return new GatewayError('no_healthy_upstream', `The upstream ${upstream} cannot be reached.`, { cause: error })
    case 'broken':
      return new GatewayError('upstream_error', `The upstream ${upstream} broke off its answer.`, { cause: error })
    case 'timeout':
      return new GatewayError('upstream_timeout', `The upstream ${upstream} did not answer in time.`, { cause: error })
    default:
      return error.kind satisfies never
  }
}
