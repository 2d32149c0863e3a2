const OFFSET = 0x811c9dc5
const PRIME = 0x01000193

/**
 * Adds a text to a hash (FNV-1a over UTF-16 units), 32 bits. Every process gets the same, so that replicas decide alike.
 * Not for secrets.
 */
export function hashOf(text: string, seed: number = OFFSET): number {
  let hash = seed
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), PRIME)
  return Math.imul(hash ^ 0xff, PRIME) // so that 'a' + 'bc' differs from 'ab' + 'c'
}

/** Spreads a hash evenly over the open interval from 0 to 1: FNV alone leaves its upper bits alike for like texts. */
export function toUnit(hash: number): number {
  let mixed = hash
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (((mixed ^ (mixed >>> 16)) >>> 0) + 0.5) / 2 ** 32
}
