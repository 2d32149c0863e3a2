import { z } from 'zod'

/** The text of a variable, read: a value for the schema, or what is wrong with the text. */
export type Reading<T> = { readonly value: T } | { readonly problem: string }

/** A whole number; bounds are the schema's business. */
export function readInteger(text: string): Reading<number> {
  return /^-?\d{1,15}$/.test(text) ? { value: Number(text) } : { problem: 'must be a whole number' }
}

/** Seconds, decimals allowed, as milliseconds. */
export function readSeconds(text: string): Reading<number> {
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(text)) return { problem: 'must be a number of seconds, 0 or more' }
  return { value: Math.round(Number(text) * 1000) }
}

/** The spellings of a boolean that container platforms use. */
export function readBoolean(text: string): Reading<boolean> {
  const word = text.toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(word)) return { value: true }
  if (['false', '0', 'no', 'off'].includes(word)) return { value: false }
  return { problem: 'must be true or false' }
}

/** A list on `,` or `;`, or a JSON array of strings. The text is never quoted back: it may hold secrets. */
export function readList(text: string): Reading<string[]> {
  if (!text.startsWith('[')) return { value: splitList(text) }
  const parsed = z.array(z.string()).safeParse(parseJson(text))
  return parsed.success ? { value: parsed.data } : { problem: 'starts with [ but is not a JSON array of strings' }
}

/** The entries of a list on `,` or `;`, without the empty ones. */
export function splitList(text: string): string[] {
  return text
    .split(/[,;]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

/** The parsed text, or undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
