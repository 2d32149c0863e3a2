import { messageOf } from '@nexus/core'
import type { SecretText } from '@nexus/core'
import { DeployError } from '../errors.ts'
import { KEY_PAGE, keyShapeError, shapeOfKey } from './parse.ts'

/** NVIDIA's own service. `NEXUS_NGC_URL` names another. */
export const NGC_URL = 'https://api.ngc.nvidia.com'

/** How long NVIDIA may take to answer. */
const TIMEOUT_MS = 30_000

/** What NVIDIA says of a key. */
export type KeyCheck =
  | { readonly outcome: 'valid' }
  | { readonly outcome: 'malformed' | 'legacy' }
  /** 401: wrong, expired or revoked. */
  | { readonly outcome: 'invalid' }
  /** 403: the key lacks a permission, or its organisation is not entitled. */
  | { readonly outcome: 'forbidden' }
  /** 429. `retryAfterS` in seconds, where NVIDIA says it. */
  | { readonly outcome: 'rate-limited'; readonly retryAfterS?: number }
  /** An answer that says nothing about the key: 5xx, a redirect, an unexpected status. */
  | { readonly outcome: 'unavailable'; readonly status: number }
  /** No answer: DNS, TLS, refused, timeout. */
  | { readonly outcome: 'unreachable'; readonly host: string; readonly cause: unknown }

export interface KeyCheckDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Default NVIDIA's. */
  readonly url?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Asks NVIDIA whether a personal key is good. For the console's server and the CLI; a browser cannot ask (CORS).
 * Rejects only when `signal` aborts. The answer's body describes the person and is not read.
 */
export async function checkKey(key: SecretText | string, deps: KeyCheckDeps): Promise<KeyCheck> {
  const text = (typeof key === 'string' ? key : key.reveal()).trim()
  const shape = shapeOfKey(text)
  if (shape !== 'personal') return { outcome: shape }
  const service = deps.url ?? NGC_URL
  const url = URL.parse('/v3/keys/get-caller-info', service)
  try {
    if (url === null) throw new TypeError('it is not a URL')
    const answer = await ask(url, text, deps)
    await answer.body?.cancel()
    return interpret(answer)
  } catch (cause) {
    deps.signal?.throwIfAborted()
    return { outcome: 'unreachable', host: url?.host ?? service, cause }
  }
}

function ask(url: URL, key: string, { fetch, signal }: KeyCheckDeps): Promise<Response> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS)
  return fetch(url.href, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ credentials: key }).toString(),
    // A redirect would carry the key to wherever it points.
    redirect: 'manual',
    signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
  })
}

function interpret({ status, headers }: Response): KeyCheck {
  switch (status) {
    case 200:
      return { outcome: 'valid' }
    case 401:
      return { outcome: 'invalid' }
    case 403:
      return { outcome: 'forbidden' }
    case 429: {
      const seconds = Number(headers.get('retry-after') ?? Number.NaN)
      return Number.isFinite(seconds) ? { outcome: 'rate-limited', retryAfterS: seconds } : { outcome: 'rate-limited' }
    }
    default:
      return { outcome: 'unavailable', status }
  }
}

/** `fetch` says only that it failed; why (no such host, refused, no trust) stands in the cause. */
function reasonOf(thrown: unknown): string {
  const inner = thrown instanceof Error ? thrown.cause : undefined
  return messageOf(inner instanceof Error ? inner : thrown)
}

/** The error a deploy stops with, or undefined for a valid key. No message holds the key. */
export function keyCheckError(check: KeyCheck): DeployError | undefined {
  switch (check.outcome) {
    case 'valid':
      return undefined
    case 'malformed':
    case 'legacy':
      return keyShapeError(check.outcome)
    case 'invalid':
      return new DeployError(
        'NEXUS_DEPLOY_KEY_INVALID',
        'NVIDIA does not accept this key: wrong, expired or revoked.',
        {
          hint: `Make a new one at ${KEY_PAGE}.`,
        },
      )
    case 'forbidden':
      return new DeployError(
        'NEXUS_DEPLOY_KEY_FORBIDDEN',
        'NVIDIA knows this key but it may not be used for NIM: it lacks the permission, or its organisation is not entitled.',
        { hint: `Give the key the "NGC Catalog" service at ${KEY_PAGE}, or ask the organisation's owner.` },
      )
    case 'rate-limited':
      return new DeployError('NEXUS_DEPLOY_KEY_RATE_LIMITED', 'NVIDIA answers no more key checks for now (429).', {
        hint: check.retryAfterS === undefined ? 'Try again in a minute.' : `Try again in ${check.retryAfterS} s.`,
      })
    case 'unavailable':
      return new DeployError(
        'NEXUS_DEPLOY_KEY_UNAVAILABLE',
        `NVIDIA could not check the key (HTTP ${check.status}). The key may be good.`,
        { hint: 'Try again later, or skip the check with --skip-key-check.' },
      )
    case 'unreachable':
      return new DeployError(
        'NEXUS_DEPLOY_KEY_UNREACHABLE',
        `Cannot reach ${check.host} to check the key: ${reasonOf(check.cause)}`,
        {
          hint: 'Check the network or proxy, set NEXUS_NGC_URL, or skip the check with --skip-key-check.',
          cause: check.cause,
        },
      )
    default:
      return check satisfies never
  }
}
