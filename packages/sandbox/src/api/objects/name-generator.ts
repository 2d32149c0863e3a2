import { randomInt } from 'node:crypto'

/** No vowels and no look-alikes: a generated name is never a word and never misread (apimachinery `rand.String`). */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const SUFFIX_LENGTH = 5
/** A generated name stays a DNS label, so long prefixes are cut. */
const MAX_PREFIX_LENGTH = 63 - SUFFIX_LENGTH

/** `llama-` becomes `llama-x7k2p`: the name of an object that has only `metadata.generateName`. */
export function generateName(prefix: string): string {
  const suffix = Array.from({ length: SUFFIX_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return prefix.slice(0, MAX_PREFIX_LENGTH) + suffix
}
