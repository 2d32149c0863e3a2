import type { Logger } from 'pino'
import { UpstreamError, type UpstreamCall, type UpstreamRequest } from '../client/upstream-client.ts'
import { Timeouts, type TimeoutsConfig } from '../config/schema/upstreams.ts'
import type { GatewayConfig } from '../config/schema.ts'
import { messageOf } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { upstreamHeaders } from '../relay/headers.ts'
import type { RoutingSnapshot } from '../routing/snapshot.ts'
import { renderBody } from '../scan/render-body.ts'
import type { ScannedBody } from '../scan/scan-body.ts'
import { credentialHeaders } from '../upstreams/credentials.ts'
import type { Endpoint } from '../upstreams/endpoint.ts'

/** A request that an upstream has taken on. */
export interface ShadowOffer {
  readonly exchange: Pick<Exchange, 'path' | 'requestId'>
  readonly bytes: Uint8Array
  readonly scanned: ScannedBody
  readonly chosenUpstream: string
}

/** Sends copies of some requests to another upstream, to see how it would do. Nobody sees the answers. */
export interface Shadow {
  /**
   * Sends a copy if the share says so, there is room, and the target is not what answers anyway. Never throws, never
   * waits. True if a copy is under way.
   */
  offer(request: ShadowOffer): boolean
  /** Breaks the copies off and takes no more. */
  close(): Promise<void>
}

/** What a {@link Shadow} works with. */
export interface ShadowOptions {
  readonly snapshot: () => {
    readonly config: Pick<GatewayConfig, 'shadow' | 'models'>
    readonly routing: Pick<RoutingSnapshot, 'upstreams'>
  }
  readonly metrics: Pick<Metrics, 'shadowRequests' | 'shadowLatency'>
  readonly log: Pick<Logger, 'debug'>
  /** Default: `Math.random`. */
  readonly random?: () => number
}

const DEFAULT_TIMEOUTS = Timeouts.parse({})
/** A copy that takes longer says nothing more, and keeps a place from others. */
const LONGEST_MS = 600_000

export function createShadow(options: ShadowOptions): Shadow {
  return new CopyingShadow(options)
}

class CopyingShadow implements Shadow {
  readonly #options: ShadowOptions
  readonly #random: () => number
  readonly #calls = new Map<UpstreamCall, Promise<void>>()
  #isClosed = false

  constructor(options: ShadowOptions) {
    this.#options = options
    this.#random = options.random ?? Math.random
  }

  offer(request: ShadowOffer): boolean {
    const { config, routing } = this.#options.snapshot()
    const { enabled, target, percent, maxConcurrent } = config.shadow
    if (!enabled || target === undefined || target === request.chosenUpstream || this.#isClosed) return false
    if (this.#random() * 100 >= percent || this.#calls.size >= maxConcurrent) return false
    const endpoint = pick(routing.upstreams.get(target)?.endpoints ?? [], this.#random)
    if (endpoint === undefined) return false
    this.#send(endpoint, copyOf(request, config.models, endpoint))
    return true
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const call of this.#calls.keys()) call.abort(new Error('the gateway stops'))
    await Promise.all(this.#calls.values())
  }

  /** Neither begins nor ends a call at the endpoint: copies must not open its breaker nor take a place of its queue. */
  #send(endpoint: Endpoint, request: UpstreamRequest): void {
    const call = endpoint.client.start(request)
    this.#calls.set(
      call,
      this.#follow(call, endpoint).finally(() => void this.#calls.delete(call)),
    )
  }

  async #follow(call: UpstreamCall, { upstream, settings }: Endpoint): Promise<void> {
    const { metrics, log } = this.#options
    const startedMs = performance.now()
    let status: 'success' | 'error' = 'error'
    try {
      status = (await discardAnswer(call, settings.timeouts ?? DEFAULT_TIMEOUTS)) < 400 ? 'success' : 'error'
    } catch (error) {
      log.debug({ event: 'shadow_failed', upstream, error: messageOf(error) })
    }
    metrics.shadowRequests.series(upstream, status).inc()
    metrics.shadowLatency.series(upstream).observe((performance.now() - startedMs) / 1000)
  }
}

/** The endpoints of a target share its copies at random. */
function pick(endpoints: readonly Endpoint[], random: () => number): Endpoint | undefined {
  const free = endpoints.filter((endpoint) => endpoint.isAvailable())
  return free.length < 2 ? free[0] : free[Math.floor(random() * free.length)]
}

/** The client's body under the name that the target serves the model by, and none of the client's headers. */
function copyOf(
  { exchange, bytes, scanned }: ShadowOffer,
  models: GatewayConfig['models'],
  { upstream, settings }: Endpoint,
): UpstreamRequest {
  const asked = scanned.model.value
  const configured = models.find(({ id, aliases }) => id === asked || aliases.includes(asked))
  const model = configured?.served[upstream] ?? configured?.id ?? asked
  return {
    method: 'POST',
    path: exchange.path,
    headers: upstreamHeaders({}, exchange.requestId, { 'x-shadow': 'true', ...credentialHeaders(settings) }),
    body: renderBody(bytes, scanned, { model, injectUsage: false }),
  }
}

/**
 * Reads an answer to its end and keeps nothing of it.
 *
 * @returns its status
 * @throws UpstreamError when it breaks off or takes too long
 */
async function discardAnswer(call: UpstreamCall, { firstByteMs, idleMs, totalMs }: TimeoutsConfig): Promise<number> {
  const tooLong = (): void => call.abort(new UpstreamError('timeout', 'the copy took too long'))
  const whole = setTimeout(tooLong, totalMs > 0 ? totalMs : LONGEST_MS)
  let silence = setTimeout(tooLong, firstByteMs)
  try {
    const { status } = await call.head()
    for (let piece = await call.read(); piece !== undefined; piece = await call.read()) {
      clearTimeout(silence)
      silence = setTimeout(tooLong, idleMs)
    }
    return status
  } finally {
    clearTimeout(whole)
    clearTimeout(silence)
  }
}
