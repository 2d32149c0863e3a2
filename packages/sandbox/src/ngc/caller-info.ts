export interface StubAnswer {
  readonly status: number
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

export interface Credentials {
  /** Of the `Authorization` header. */
  readonly bearer: string | undefined
  /** Of the form. */
  readonly credentials: string | undefined
}

/** What a key asks for by its name: part of the key → what NVIDIA would answer. */
const REHEARSALS: readonly (readonly [string, StubAnswer])[] = [
  ['-revoked', { status: 401, body: { message: 'the key is revoked' } }],
  ['-forbidden', { status: 403, body: { message: 'the key may not do this' } }],
  ['-ratelimited', { status: 429, body: { message: 'too many requests' }, headers: { 'retry-after': '1' } }],
  ['-unavailable', { status: 503, body: { message: 'the service is unavailable' } }],
]

/**
 * The answer of the key check. Any `nvapi-` key passes as a personal key of organisation `nexus-sandbox`; keys that contain
 * `-revoked`, `-forbidden`, `-ratelimited` or `-unavailable` are refused with 401, 403, 429 and 503.
 */
export function callerInfo({ bearer, credentials }: Credentials): StubAnswer {
  if (bearer === undefined || bearer !== credentials || !bearer.startsWith('nvapi-')) {
    return { status: 401, body: { message: 'the key is not valid' } }
  }
  const rehearsal = REHEARSALS.find(([part]) => bearer.includes(part))
  if (rehearsal !== undefined) return rehearsal[1]
  const user = { id: 0, name: 'Sandbox User', email: 'sandbox@example.com' }
  return { status: 200, body: { type: 'PERSONAL_KEY', orgName: 'nexus-sandbox', products: [], user } }
}
