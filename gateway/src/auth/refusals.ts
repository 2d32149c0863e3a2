import { GatewayError } from '../errors.ts'

/**
 * What may be wrong with credentials. Only who holds a real key or token learns that it is expired or disabled: a wrong
 * one is `unknown`, whether or not it resembles a key there is.
 */
const MESSAGES = {
  missing: 'No API key was given. Send it as "Authorization: Bearer <key>" or "X-API-Key: <key>".',
  unknown: 'The API key is not valid. Check the key, or ask the platform admin for one.',
  expired: 'The API key has expired. Ask the platform admin for a new one.',
  disabled: 'The API key is disabled. Ask the platform admin for a new one.',
  expiredToken: 'The token has expired. Sign in again for a new one.',
  invalidToken: 'The token is not valid here. Ask the platform admin who may issue tokens.',
} as const

/** Why credentials were refused. */
export type Refusal = keyof typeof MESSAGES

/** 401 as the official clients expect it. Names neither the credentials nor any that there are. */
export function refuse(refusal: Refusal, cause?: unknown): GatewayError {
  return new GatewayError('invalid_api_key', MESSAGES[refusal], { headers: { 'www-authenticate': 'Bearer' }, cause })
}

/** 503 while it cannot be known whether credentials are good: to answer 401 would tell clients to throw theirs away. */
export function unavailable(what: string, cause?: unknown): GatewayError {
  const message = `The gateway cannot check these credentials now: ${what}. Try again.`
  return new GatewayError('auth_unavailable', message, { headers: { 'retry-after': '2' }, cause })
}
