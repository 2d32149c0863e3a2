import type { SecretText } from '@nexus/core'
import { DeployError } from '../errors.ts'
import { KEY_PAGE, keyShapeError, shapeOfKey } from './parse.ts'
import { unreachableError } from './unreachable.ts'

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
  /** 451: not from this place. */
  | { readonly outcome: 'restricted' }
  /** An answer that says nothing about the key: 5xx, a redirect, an unexpected status. */
  | { readonly outcome: 'unavailable'; readonly status: number }
  /** No answer: DNS, TLS, refused, reset, timeout. `proxy` is the one it was asked through, without its password. */
  | { readonly outcome: 'unreachable'; readonly host: string; readonly cause: unknown; readonly proxy?: string }

export interface KeyCheckDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Default NVIDIA's. */
  readonly url?: string | undefined
  /** The address of the proxy that `fetch` goes through, named where it does not get through. */
  readonly proxy?: string | undefined
  /** How long NVIDIA may take to answer. Default 30 s. */
  readonly timeoutMs?: number | undefined
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
    const unreachable = { outcome: 'unreachable', host: url?.host ?? service, cause } as const
    return deps.proxy === undefined ? unreachable : { ...unreachable, proxy: hostOf(deps.proxy) }
  }
}

/** An address may hold a password. */
function hostOf(address: string): string {
  return URL.parse(address)?.host ?? 'the environment'
}

function ask(url: URL, key: string, { fetch, signal, timeoutMs = TIMEOUT_MS }: KeyCheckDeps): Promise<Response> {
  const deadline = AbortSignal.timeout(timeoutMs)
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
    case 429:
      return { outcome: 'rate-limited', ...retryAfter(headers.get('retry-after')) }
    case 451:
      return { outcome: 'restricted' }
    default:
      return { outcome: 'unavailable', status }
  }
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfter(value: string | null): { retryAfterS?: number } {
  if (value === null || value.trim() === '') return {}
  const seconds = Number(value)
  const until = Number.isFinite(seconds) ? seconds : (Date.parse(value) - Date.now()) / 1000
  return Number.isFinite(until) ? { retryAfterS: Math.max(0, Math.ceil(until)) } : {}
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
    case 'restricted':
      return new DeployError('NEXUS_DEPLOY_KEY_RESTRICTED', 'NVIDIA may not answer from where you are (451).', {
        hint: 'Ask from a machine in another region, or skip the check with --skip-key-check; models may be restricted, too.',
      })
    case 'unavailable':
      return new DeployError(
        'NEXUS_DEPLOY_KEY_UNAVAILABLE',
        `NVIDIA could not check the key (HTTP ${check.status}). The key may be good.`,
        {
          hint:
            check.status < 500
              ? 'Is NEXUS_NGC_URL the right address? Correct it, or skip the check with --skip-key-check.'
              : 'Try again later, or skip the check with --skip-key-check.',
        },
      )
    case 'unreachable':
      return unreachableError(check)
    default:
      return check satisfies never
  }
}
