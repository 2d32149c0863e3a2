import { messageOf } from '@nexus/core'
import { DeployError } from '../errors.ts'
import type { DeployErrorCode } from '../errors.ts'

/** Why there was no answer. */
type Reason = 'dns' | 'tls' | 'timeout' | 'reset' | 'proxy' | 'other'

/** A question that nobody answered. */
export interface Unreachable {
  readonly host: string
  readonly cause: unknown
  /** Host and port of the proxy it was asked through. */
  readonly proxy?: string
}

const SKIP = 'or skip the check with --skip-key-check'

/** Each reason: its code, what happened, what to do. */
const REASONS: Readonly<Record<Reason, { code: DeployErrorCode; what: string; hint: string }>> = {
  dns: {
    code: 'NEXUS_DEPLOY_KEY_DNS',
    what: 'its name is not found',
    hint: `Check the name server of this machine, name a proxy in HTTPS_PROXY, ${SKIP}. Without a way to NVIDIA an admin can switch the check off for all.`,
  },
  tls: {
    code: 'NEXUS_DEPLOY_KEY_TLS',
    what: 'its certificate is not trusted, and the key was not sent',
    hint: `Where your network opens TLS, name its CA in NODE_EXTRA_CA_CERTS, ${SKIP}.`,
  },
  timeout: {
    code: 'NEXUS_DEPLOY_KEY_TIMEOUT',
    what: 'it takes too long',
    hint: `Try again; a firewall that drops packets looks like this, too. Name a proxy in HTTPS_PROXY, ${SKIP}.`,
  },
  reset: {
    code: 'NEXUS_DEPLOY_KEY_RESET',
    what: 'the connection broke before the answer',
    hint: `Try again, ${SKIP}.`,
  },
  proxy: {
    code: 'NEXUS_DEPLOY_KEY_PROXY',
    what: 'the proxy does not let it through',
    hint: `Check HTTPS_PROXY and its password, add the host to NO_PROXY, ${SKIP}.`,
  },
  other: {
    code: 'NEXUS_DEPLOY_KEY_UNREACHABLE',
    what: 'nobody answers there',
    hint: `Check the network or proxy, set NEXUS_NGC_URL, ${SKIP}.`,
  },
}

/** The error for a key that could not be checked, by the reason that `fetch` gives. */
export function unreachableError({ host, cause, proxy }: Unreachable): DeployError {
  const { code, what, hint } = REASONS[reasonOf(cause, proxy)]
  const way = proxy === undefined ? '' : ` through the proxy ${proxy}`
  const message = `Cannot reach ${host}${way} to check the key: ${what} (${innermost(cause)}).`
  return new DeployError(code, message, { hint, cause })
}

/** Codes of Node's network errors and of its fetch, and the reason each is. */
const CODES: readonly (readonly [RegExp, Reason])[] = [
  [/PROXY|^UND_ERR_PRX/, 'proxy'],
  [/^(ENOTFOUND|EAI_\w+)$/, 'dns'],
  [/CERT|^ERR_(TLS|SSL)|^UNABLE_TO_|^SELF_SIGNED|^EPROTO$|^HOSTNAME_MISMATCH$/, 'tls'],
  [/TIMEOUT|^ETIMEDOUT$/, 'timeout'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'reset'],
]

function reasonOf(cause: unknown, proxy: string | undefined): Reason {
  const errors = chainOf(cause)
  if (errors.some(({ message }) => /proxy (response|authentication)/i.test(message))) return 'proxy'
  if (errors.some(({ name }) => name === 'TimeoutError')) return 'timeout'
  const codes = errors.map(codeOf)
  const reason = CODES.find(([shape]) => codes.some((code) => shape.test(code)))?.[1] ?? 'other'
  // With a proxy this machine looks up and connects to nothing but the proxy.
  return proxy !== undefined && (reason === 'dns' || codes.includes('ECONNREFUSED')) ? 'proxy' : reason
}

/** `fetch` says only that it failed; why stands in the cause, or in one of several that were tried. */
function chainOf(thrown: unknown): Error[] {
  if (!(thrown instanceof Error)) return []
  const tried: unknown[] = thrown instanceof AggregateError ? thrown.errors : []
  return [thrown, ...[...tried, thrown.cause].flatMap(chainOf)]
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : ''
}

/** The most exact words there are. Several attempts that failed alike have none in common. */
function innermost(cause: unknown): string {
  const told = chainOf(cause).findLast(({ message }) => message !== '')
  return told?.message ?? messageOf(cause)
}
