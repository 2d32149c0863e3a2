import type { Logger } from 'pino'
import { createAuthenticator, type KeyAuthenticator } from './auth/authenticator.ts'
import { createTokenVerifier, type TokenVerifier } from './auth/token-verifier.ts'
import type { ApiKey, GatewayConfig } from './config/schema.ts'
import { createLimiter, type BackendState } from './limits/create-limiter.ts'
import type { Limiter } from './limits/limiter.ts'
import type { Snapshot } from './routes/call.ts'
import { assembleSnapshot, NOTHING_DISCOVERED, type Discovered } from './routing/snapshot.ts'
import type { Endpoint } from './upstreams/endpoint.ts'
import type { EndpointRegistry } from './upstreams/registry.ts'

/** What snapshots are made with. */
export interface SnapshotDeps {
  readonly registry: EndpointRegistry
  readonly log: Logger
  /** Told of all endpoints that a new snapshot routes to. */
  readonly onEndpoints: (endpoints: readonly Endpoint[]) => void
  readonly onLimitsState: (state: BackendState) => void
  readonly onRefused: () => void
}

/**
 * The state that calls decide on: configuration, keys and what discovery knows. Each change makes a new snapshot; calls
 * under way keep theirs. What counts or caches is carried over unless its own configuration changed.
 */
export class Snapshots {
  readonly #deps: SnapshotDeps
  #config: GatewayConfig
  #discovered: Discovered = NOTHING_DISCOVERED
  /** null while the Secret has not been read yet. */
  #storedKeys: readonly ApiKey[] | null
  #tokens: TokenVerifier | undefined
  #authenticator: KeyAuthenticator
  #limiter: Limiter
  #current: Snapshot

  constructor(config: GatewayConfig, deps: SnapshotDeps) {
    this.#deps = deps
    this.#config = config
    this.#storedKeys = config.auth.secret === undefined ? [] : null
    this.#tokens = createTokens(config, deps.log)
    this.#authenticator = this.#createAuthenticator()
    this.#limiter = this.#createLimiter()
    this.#current = this.#assemble()
  }

  get current(): Snapshot {
    return this.#current
  }

  reconfigure(config: GatewayConfig): void {
    const before = this.#config
    this.#config = config
    if (differs(before.auth.jwt, config.auth.jwt) || differs(before.limits.default, config.limits.default)) {
      this.#tokens = createTokens(config, this.#deps.log)
    }
    if (differs(countingOf(before), countingOf(config))) {
      void this.#limiter.close()
      this.#limiter = this.#createLimiter()
    }
    this.#authenticator = this.#createAuthenticator()
    this.#current = this.#assemble()
  }

  discover(discovered: Discovered): void {
    this.#discovered = discovered
    this.#current = this.#assemble()
  }

  setStoredKeys(keys: readonly ApiKey[]): void {
    this.#storedKeys = keys
    this.#authenticator.setStoredKeys(keys)
  }

  close(): Promise<void> {
    return this.#limiter.close()
  }

  #assemble(): Snapshot {
    const { registry, onEndpoints } = this.#deps
    const routing = assembleSnapshot(this.#config, this.#discovered, registry)
    registry.retain(routing.endpoints)
    onEndpoints(routing.endpoints)
    return { config: this.#config, routing, authenticator: this.#authenticator, limiter: this.#limiter }
  }

  #createAuthenticator(): KeyAuthenticator {
    const { auth, limits } = this.#config
    const defaults = limits.default
    return createAuthenticator({
      keys: auth.keys,
      storedKeys: this.#storedKeys,
      tokens: this.#tokens,
      defaults,
      now: Date.now,
    })
  }

  #createLimiter(): Limiter {
    const { log, onLimitsState, onRefused } = this.#deps
    const now = (): number => performance.now()
    return createLimiter(this.#config.limits, { now, log, onBackendState: onLimitsState, onRefused })
  }
}

function createTokens({ auth: { jwt }, limits }: GatewayConfig, log: Logger): TokenVerifier | undefined {
  return jwt && createTokenVerifier(jwt, { log, fetch, now: Date.now, defaults: limits.default })
}

/** What a limiter is made from; the default limits are the callers' own matter. */
function countingOf({ limits: { windowSeconds, redis } }: GatewayConfig): unknown {
  return { windowSeconds, redis }
}

function differs(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) !== JSON.stringify(other)
}
