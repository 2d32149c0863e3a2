import type { IncomingHttpHeaders } from 'node:http'
import { UpstreamError, type UpstreamCall, type UpstreamHead, type UpstreamRequest } from '../client/upstream-client.ts'
import type { TimeoutsConfig } from '../config/schema.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Endpoint } from '../upstreams/endpoint.ts'
import { CallWatch } from './call-watch.ts'
import { EventTap } from './event-tap.ts'
import { DecodedBody, decoderOf } from './decoded-body.ts'
import { isEventStream, isReadableEventStream } from './headers.ts'
import { readRetryAfter } from './retry-after.ts'
import { renderFailure } from './stream-failure.ts'

/** How much of a stream is looked at for its first event. */
const MAX_OPENING_BYTES = 64 * 1024
/** The longest refusal that is kept while another attempt is made. */
const MAX_ERROR_BYTES = 64 * 1024

/** A call to one endpoint and what it may take. */
export interface OpenOptions {
  readonly endpoint: Pick<Endpoint, 'client'>
  readonly request: UpstreamRequest
  readonly exchange: Exchange
  readonly timeouts: TimeoutsConfig
  /** The client asked for a stream, which has no limit of its whole length. */
  readonly isStream: boolean
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/** A refusal of an upstream, read to its end. */
export interface KeptAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

/**
 * Calls an endpoint and waits until its answer has begun: a head and the first piece of the body, or the first event of
 * a stream. Nothing was sent to the client, so that whatever fails up to here can be repeated elsewhere.
 *
 * @throws UpstreamError when no answer began
 * @throws GatewayError `client_closed_request` when the client left
 */
export async function openAnswer(options: OpenOptions): Promise<OpenedAnswer> {
  const { endpoint, request, exchange, timeouts, isStream, now } = options
  const call = endpoint.client.start(request)
  const watch = new CallWatch(call, exchange, now, isStream ? 0 : timeouts.totalMs)
  try {
    watch.expect(timeouts.firstByteMs)
    const opened = new OpenedAnswer({ ...readable(await call.head(), call), call, watch, now })
    await opened.begin()
    // Nobody may ever come back to it.
    if (!opened.isWhole) watch.expect(timeouts.idleMs)
    return opened
  } catch (error) {
    watch.close()
    call.abort(new Error('the call is given up'))
    throw error
  }
}

/** An answer as it can be relayed: a stream that its server compressed, though it was asked not to, is decoded. */
function readable({ status, headers }: UpstreamHead, call: UpstreamCall): UpstreamHead & { source: BodySource } {
  const createDecoder = status < 300 && isEventStream(headers) ? decoderOf(headers) : undefined
  if (createDecoder === undefined) return { status, headers, source: call }
  const { 'content-encoding': _encoding, 'content-length': _length, ...decoded } = headers
  return { status, headers: decoded, source: new DecodedBody(call, createDecoder) }
}

/** Where the pieces of a body come from. */
type BodySource = Pick<UpstreamCall, 'read'>

interface OpenedParts extends UpstreamHead {
  readonly source: BodySource
  readonly call: UpstreamCall
  readonly watch: CallWatch
  readonly now: () => number
}

/** An answer that has begun and of which the client has seen nothing. Ends in one of `deliver`, `discard`, `readWholeError`. */
export class OpenedAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** `events`: a stream that can be read; `whole`: anything else, streams of an unknown coding too. */
  readonly kind: 'events' | 'whole'
  /** What was read so far. */
  readonly first: Uint8Array[] = []
  /** Everything was read. */
  isWhole = false
  readonly call: UpstreamCall
  readonly watch: CallWatch
  readonly now: () => number
  /** Has seen `first`, if this is a stream. */
  readonly opening: EventTap | undefined
  readonly #source: BodySource
  #pending: Promise<Uint8Array | undefined> | undefined

  constructor({ status, headers, source, call, watch, now }: OpenedParts) {
    this.#source = source
    this.status = status
    this.headers = headers
    this.call = call
    this.watch = watch
    this.now = now
    this.kind = status < 300 && isReadableEventStream(headers) ? 'events' : 'whole'
    this.opening = this.kind === 'events' ? new EventTap(false) : undefined
  }

  /** The stream began with an error, so that its status says nothing. */
  get failedEarly(): boolean {
    return this.opening?.failure !== undefined
  }

  /** How long the upstream asks to wait, in milliseconds; undefined if it does not. */
  get retryAfterMs(): number | undefined {
    return readRetryAfter(this.headers, Date.now())
  }

  /** Waits for the first piece, of a stream for its first event. */
  async begin(): Promise<void> {
    const { opening } = this
    for (let size = 0; ;) {
      const next = this.read()
      const piece = next instanceof Promise ? await next : next
      if (piece === undefined) break
      this.first.push(piece)
      if (opening === undefined) return this.#lookForEnd(piece)
      size += piece.length
      opening.push(piece)
      if (opening.events > 0 || size >= MAX_OPENING_BYTES) return
    }
    this.isWhole = true
    opening?.finish()
    if (opening?.events === 0) throw new UpstreamError('broken', 'the stream ended before its first event')
  }

  /** The next piece after `first`. */
  read(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const next = this.#pending ?? this.#source.read()
    this.#pending = undefined
    return next
  }

  /** An answer that came in one piece can be sent in one. */
  #lookForEnd(piece: Uint8Array): void {
    this.isWhole = Number(this.headers['content-length']) === piece.length
    const next = this.#source.read()
    if (next instanceof Promise) {
      // It may fail when nobody waits for it any more.
      next.catch(() => undefined)
      this.#pending = next
    } else if (next === undefined) this.isWhole = true
    else this.first.push(next)
  }

  /** Ends the call, if it has not ended. */
  discard(): void {
    this.watch.close()
    if (!this.isWhole) this.call.abort(new Error('the answer is not wanted'))
  }

  /**
   * Reads a refusal to its end, to be passed on if no other attempt comes to more. A stream that began with an error
   * becomes the answer that its server would have given before it. Undefined if it is too long or breaks off.
   */
  async readWholeError(idleMs: number): Promise<KeptAnswer | undefined> {
    const { status, headers, opening } = this
    this.watch.attach()
    try {
      if (opening !== undefined) return renderFailure(opening.failure ?? '')
      return { status, headers, body: await this.#readRest(idleMs) }
    } catch (error) {
      if (error instanceof UpstreamError) return undefined
      throw error
    } finally {
      this.discard()
    }
  }

  async #readRest(idleMs: number): Promise<Uint8Array> {
    let size = 0
    for (const piece of this.first) size += piece.length
    while (!this.isWhole) {
      if (size > MAX_ERROR_BYTES) throw new UpstreamError('broken', 'the refusal is too long')
      this.watch.expect(idleMs)
      const piece = await this.read()
      if (piece === undefined) this.isWhole = true
      else {
        size += piece.length
        this.first.push(piece)
      }
    }
    return this.first.length === 1 ? (this.first[0] ?? Buffer.alloc(0)) : Buffer.concat(this.first)
  }
}
