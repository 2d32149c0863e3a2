import { createLocalJWKSet, type LocalJWKSet } from 'jose'
import type { Logger } from 'pino'
import { z } from 'zod'
import { messageOf } from '../errors.ts'
import { unavailable } from './refusals.ts'

/** What a key set is fetched with. */
export interface KeySetSourceOptions {
  readonly fetch: typeof fetch
  /** Wall clock in ms since 1970. */
  readonly now: () => number
  readonly log: Pick<Logger, 'warn' | 'info'>
}

/** The key set of an issuer, as it was last read. */
export interface KeySetSource {
  /** @throws GatewayError `auth_unavailable` (503) while it could never be read */
  current(): Promise<LocalJWKSet>
  /** Reads it again for a key that is not in it; the same one when that was done a moment ago, or fails. */
  refresh(): Promise<LocalJWKSet>
}

const TIMEOUT_MS = 5_000
const MAX_BYTES = 1_048_576
/** After so long it is read again in the background: a key that was withdrawn must go. */
const MAX_AGE_MS = 300_000
/** Who sends tokens with made-up key ids must not make the gateway call the issuer for each. */
const COOLDOWN_MS = 30_000
/** How soon a first reading that failed is tried again. */
const RETRY_MS = 2_000

const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })

/** Follows the key set at an URL. What was read stays in use for as long as the URL does not answer. */
export function createKeySetSource(url: string, options: KeySetSourceOptions): KeySetSource {
  return new CachedKeySet(url, options)
}

class CachedKeySet implements KeySetSource {
  readonly #url: string
  readonly #options: KeySetSourceOptions
  #keySet: LocalJWKSet | undefined
  #triedAt = -Infinity
  #reading: Promise<LocalJWKSet | undefined> | undefined
  #isFailing = false

  constructor(url: string, options: KeySetSourceOptions) {
    this.#url = url
    this.#options = options
  }

  async current(): Promise<LocalJWKSet> {
    const ageMs = this.#options.now() - this.#triedAt
    if (this.#keySet !== undefined) {
      if (ageMs > MAX_AGE_MS) void this.#read()
      return this.#keySet
    }
    const read = this.#reading !== undefined || ageMs > RETRY_MS ? await this.#read() : undefined
    if (read === undefined) throw unavailable('the keys of the token issuer cannot be read')
    return read
  }

  async refresh(): Promise<LocalJWKSet> {
    const mayRead = this.#reading !== undefined || this.#options.now() - this.#triedAt > COOLDOWN_MS
    return (mayRead ? await this.#read() : undefined) ?? this.current()
  }

  /** One reading at a time, for all who wait for it. Never rejects. */
  #read(): Promise<LocalJWKSet | undefined> {
    this.#reading ??= this.#readOnce().finally(() => (this.#reading = undefined))
    return this.#reading
  }

  async #readOnce(): Promise<LocalJWKSet | undefined> {
    this.#triedAt = this.#options.now()
    try {
      this.#keySet = await fetchKeySet(this.#url, this.#options.fetch)
      if (this.#isFailing) this.#options.log.info({ event: 'issuer' }, 'the keys of the token issuer are read again')
      this.#isFailing = false
    } catch (error) {
      // An outage is one line and not one for each attempt.
      if (!this.#isFailing) {
        const context = { event: 'issuer', url: this.#url, error: reasonOf(error) }
        this.#options.log.warn(context, 'the keys of the token issuer cannot be read')
      }
      this.#isFailing = true
    }
    return this.#keySet
  }
}

/** `fetch` says only that it failed; why is in the cause. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof TypeError && error.cause !== undefined ? error.cause : error)
}

async function fetchKeySet(url: string, fetchIt: typeof fetch): Promise<LocalJWKSet> {
  const response = await fetchIt(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw new Error(`the issuer answered ${response.status}`)
  }
  return createLocalJWKSet(KeySet.parse(JSON.parse(await readText(response))))
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  const body: AsyncIterable<Uint8Array> | null = response.body
  let sizeBytes = 0
  for await (const chunk of body ?? []) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > MAX_BYTES) throw new Error(`the key set is larger than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
