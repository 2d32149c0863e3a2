import { performance } from 'node:perf_hooks'
import type { UpstreamSettings } from '../config/schema/upstreams.ts'
import type { GatewayError } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Arm } from '../routing/candidate.ts'
import type { Endpoint } from './endpoint.ts'
import { clientLeft, noHealthyUpstream, queueIsFull, waitedTooLong } from './refusals.ts'
import type { EndpointRegistry } from './registry.ts'
import { selectable } from './selectable.ts'

/** Chooses among endpoints that may all take the call; there is always at least one. */
interface Chooser {
  pick(endpoints: readonly Endpoint[], affinityKey: string | undefined): Endpoint
}

/** What an admission works with. */
export interface AdmissionOptions {
  readonly registry: Pick<EndpointRegistry, 'whenFreed'>
  readonly balancerFor: (policy: UpstreamSettings['balance']['policy']) => Chooser
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

/** What one request asks for. */
export interface AcquireOptions {
  /** Names the session that should stay on one endpoint. */
  readonly affinityKey?: string | undefined
  /** Just failed this request: any other one is better. */
  readonly avoid?: Endpoint | undefined
  /** While the request waits, its listener for a client that leaves is the queue's. */
  readonly exchange: Pick<Exchange, 'isClientGone' | 'whenClientGone'>
}

/** A request that waits for an endpoint. */
interface Waiter {
  readonly arm: Arm
  readonly options: AcquireOptions
  readonly resolve: (endpoint: Endpoint) => void
  readonly reject: (error: GatewayError) => void
  readonly timer: NodeJS.Timeout
}

/** Gives each call an endpoint: at once, or in the order of arrival when all of them are at their limit. */
export class Admission {
  readonly #balancerFor: AdmissionOptions['balancerFor']
  readonly #now: () => number
  /** In the order of arrival, over all arms: who waits longest for an endpoint gets it. */
  readonly #waiters = new Set<Waiter>()
  /** How many wait, by the arm's name: arms are new objects after each change of the configuration. */
  readonly #depths = new Map<string, number>()
  /** Ends with the first pause of an endpoint that somebody waits for. */
  #wake: { readonly timer: NodeJS.Timeout; readonly atMs: number } | undefined

  constructor({ registry, balancerFor, now = () => performance.now() }: AdmissionOptions) {
    this.#balancerFor = balancerFor
    this.#now = now
    registry.whenFreed(() => {
      if (this.#waiters.size > 0) this.#serve()
    })
  }

  /** How many requests wait, by the arm's name; none that nobody waits for. */
  waiting(): ReadonlyMap<string, number> {
    return this.#depths
  }

  /**
   * Chooses an endpoint and begins a call on it, which the caller has to end. Waits only if all endpoints are full.
   *
   * @throws GatewayError `no_healthy_upstream` when waiting would not help, `overloaded` when too many wait or the wait
   *   took too long, `client_closed_request`; at once or as a rejection
   */
  acquire(arm: Arm, options: AcquireOptions): Endpoint | Promise<Endpoint> {
    if (this.#waiters.size > 0) this.#serve()
    return this.#take(arm, options) ?? this.#wait(arm, options)
  }

  #take(arm: Arm, { affinityKey, avoid }: AcquireOptions): Endpoint | undefined {
    const free = selectable(arm.endpoints, avoid)
    const [first] = free
    if (first === undefined) return undefined
    const balancer = free.length === 1 ? undefined : this.#balancerFor(arm.settings.balance.policy)
    const endpoint = balancer?.pick(free, affinityKey) ?? first
    endpoint.begin()
    return endpoint
  }

  #wait(arm: Arm, options: AcquireOptions): Promise<Endpoint> {
    const { maxWaiting, timeoutMs } = arm.settings.queue
    if (!canBeFreed(arm)) throw noHealthyUpstream(arm)
    if (options.exchange.isClientGone) throw clientLeft()
    if (this.#depthOf(arm) >= maxWaiting) throw queueIsFull()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#refuse(waiter, waitedTooLong()), timeoutMs)
      const waiter: Waiter = { arm, options, resolve, reject, timer }
      this.#waiters.add(waiter)
      this.#depths.set(arm.upstream, this.#depthOf(arm) + 1)
      this.#wakeFor(arm)
      options.exchange.whenClientGone(() => this.#refuse(waiter, clientLeft()))
    })
  }

  /** Gives endpoints to those who wait, and sends away those for whom waiting helps no more. */
  #serve(): void {
    const full = new Set<Arm>()
    for (const waiter of this.#waiters) {
      const { arm, options } = waiter
      if (full.has(arm)) continue
      const endpoint = this.#take(arm, options)
      if (endpoint !== undefined) this.#admit(waiter, endpoint)
      else if (!canBeFreed(arm)) this.#refuse(waiter, noHealthyUpstream(arm))
      else full.add(arm)
    }
    for (const arm of full) this.#wakeFor(arm)
  }

  #admit(waiter: Waiter, endpoint: Endpoint): void {
    this.#leave(waiter)
    waiter.resolve(endpoint)
  }

  #refuse(waiter: Waiter, error: GatewayError): void {
    this.#leave(waiter)
    waiter.reject(error)
  }

  #leave(waiter: Waiter): void {
    clearTimeout(waiter.timer)
    waiter.options.exchange.whenClientGone(undefined)
    this.#waiters.delete(waiter)
    const depth = this.#depthOf(waiter.arm) - 1
    if (depth > 0) this.#depths.set(waiter.arm.upstream, depth)
    else this.#depths.delete(waiter.arm.upstream)
  }

  #depthOf({ upstream }: Arm): number {
    return this.#depths.get(upstream) ?? 0
  }

  /** Serves again when the first pause of an arm's endpoints is over: no call may end before that. */
  #wakeFor({ endpoints }: Arm): void {
    for (const endpoint of endpoints) {
      const restMs = endpoint.restMs()
      if (restMs > 0) this.#wakeAt(this.#now() + restMs)
    }
  }

  #wakeAt(atMs: number): void {
    if (this.#wake !== undefined && this.#wake.atMs <= atMs) return
    clearTimeout(this.#wake?.timer)
    const onWake = (): void => {
      this.#wake = undefined
      this.#serve()
    }
    this.#wake = { timer: setTimeout(onWake, Math.ceil(atMs - this.#now())).unref(), atMs }
  }
}

/** Somebody's call may end and leave a place. */
function canBeFreed({ endpoints }: Arm): boolean {
  return endpoints.some((endpoint) => endpoint.refusal() === 'full')
}
