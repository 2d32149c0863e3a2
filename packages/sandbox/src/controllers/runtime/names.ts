import { createHash } from 'node:crypto'

/** Letters and digits that spell no words; what Kubernetes uses for generated names (apimachinery `rand.String`). */
const SAFE_LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

/** A name part that is the same for the same text: 27^`length` values. */
export function hashSuffix(text: string, length: number): string {
  const digest = createHash('sha256').update(text).digest()
  return Array.from(digest.subarray(0, length), (byte) => SAFE_LETTERS[byte % SAFE_LETTERS.length]).join('')
}

/** A random name part, as API servers append to `generateName`. */
export function randomSuffix(length: number, random: () => number = Math.random): string {
  return Array.from({ length }, () => SAFE_LETTERS[Math.floor(random() * SAFE_LETTERS.length)]).join('')
}
