/** The names that most heads consist of, on either side of the gateway. */
export const COMMON = [
  'accept',
  'accept-encoding',
  'accept-language',
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'host',
  'idempotency-key',
  'keep-alive',
  'origin',
  'referer',
  'server',
  'traceparent',
  'transfer-encoding',
  'user-agent',
  'vary',
  'x-api-key',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
  'x-stainless-arch',
  'x-stainless-lang',
  'x-stainless-os',
  'x-stainless-package-version',
  'x-stainless-retry-count',
  'x-stainless-runtime',
  'x-stainless-runtime-version',
] as const

/** What turns a letter of a token into a small one and leaves its hyphens and digits as they are. */
const SMALL = 0x20

const SLOTS = 256
/** By length and three characters; the common names all have a place of their own. */
const table: (string | undefined)[] = Array.from({ length: SLOTS }, () => undefined)
for (const name of COMMON) table[slotOf(name, 0, name.length)] ??= name

/**
 * A field name in lower case, of the token that lies in `head` from `from` up to `to`. A common one is found instead of
 * made: to cut it out, to lower it and to look it up among all strings costs as much as everything else that is done
 * with its line.
 */
export function fieldName(head: string, from: number, to: number): string {
  const known = table[slotOf(head, from, to)]
  return known !== undefined && isAt(known, head, from, to) ? known : head.slice(from, to).toLowerCase()
}

function slotOf(head: string, from: number, to: number): number {
  const first = head.charCodeAt(from) | SMALL
  const middle = head.charCodeAt((from + to) >> 1) | SMALL
  const last = head.charCodeAt(to - 1) | SMALL
  return (to - from + first + middle * 3 + last * 21) % SLOTS
}

function isAt(name: string, head: string, from: number, to: number): boolean {
  if (name.length !== to - from) return false
  for (let index = 0; index < name.length; index++) {
    if ((head.charCodeAt(from + index) | SMALL) !== name.charCodeAt(index)) return false
  }
  return true
}
