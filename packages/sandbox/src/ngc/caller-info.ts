export interface StubAnswer {
  readonly status: number
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

/** No answer: the connection breaks, or nothing comes until the client leaves. */
export type Silence = 'reset' | 'slow'

export interface Credentials {
  /** Of the `Authorization` header. */
  readonly bearer: string | undefined
  /** Of the form. */
  readonly credentials: string | undefined
}

/** What a key asks for by its name: part of the key → what NVIDIA would answer. */
const REHEARSALS: readonly (readonly [string, StubAnswer | Silence])[] = [
  ['-revoked', { status: 401, body: { message: 'the key is revoked' } }],
  ['-forbidden', { status: 403, body: { message: 'the key may not do this' } }],
  ['-ratelimited', { status: 429, body: { message: 'too many requests' }, headers: { 'retry-after': '1' } }],
  ['-unavailable', { status: 503, body: { message: 'the service is unavailable' } }],
  // NVIDIA's own 451 has no body.
  ['-restricted', { status: 451, body: {} }],
  ['-redirected', { status: 302, body: {}, headers: { location: '/elsewhere' } }],
  ['-reset', 'reset'],
  ['-slow', 'slow'],
]

/**
 * The answer of the key check. Any `nvapi-` key passes as a personal key of organisation `nexus-sandbox`; keys that contain
 * `-revoked`, `-forbidden`, `-ratelimited` or `-unavailable` are refused with 401, 403, 429 and 503,
 * those with `-restricted` and `-redirected` with 451 and 302; `-reset` and `-slow` get no answer. A key that is good is
 * answered with a person, of whom a client keeps nothing.
 */
export function callerInfo({ bearer, credentials }: Credentials, person: object = PERSON): StubAnswer | Silence {
  if (bearer === undefined || bearer !== credentials || !bearer.startsWith('nvapi-')) {
    return { status: 401, body: { message: 'the key is not valid' } }
  }
  const rehearsal = REHEARSALS.find(([part]) => bearer.includes(part))
  if (rehearsal !== undefined) return rehearsal[1]
  return { status: 200, body: person }
}

/** What NVIDIA tells of a key's owner, in the sandbox's words. */
const PERSON = {
  type: 'PERSONAL_KEY',
  userId: 'sandbox',
  orgName: 'nexus-sandbox',
  products: [],
  user: { id: 0, name: 'Sandbox User', email: 'sandbox@example.com' },
}
