import { z } from 'zod'

/** The text of a variable, read: a value for the schema, and what is wrong or surprising about the text. */
export interface Reading {
  /** Undefined: the variable sets nothing. */
  readonly value: unknown
  readonly problems?: readonly string[]
  readonly warnings?: readonly string[]
}

/** Reads the text of a variable. Its problems never quote the text: it may hold a secret. */
export type Reader = (text: string) => Reading

/** A reading that sets nothing, because of a problem. */
export function refuse(problem: string): Reading {
  return { value: undefined, problems: [problem] }
}

/** The text as it is. */
export function readText(text: string): Reading {
  return { value: text }
}

/** A whole number; bounds are the schema's business. */
export function readInteger(text: string): Reading {
  if (/^-?\d{1,15}$/.test(text)) return { value: Number(text) }
  // Kubernetes gives every pod variables of the Services of its namespace, named after them.
  if (text.startsWith('tcp://')) {
    return refuse('was set by Kubernetes for a Service named gateway: set enableServiceLinks: false in the pod')
  }
  return refuse('must be a whole number')
}

/** A whole number that is 0 or more, or `none` for no limit. */
export function readLimit(text: string): Reading {
  if (text.toLowerCase() === 'none') return { value: null }
  return /^\d{1,15}$/.test(text) ? { value: Number(text) } : refuse('must be a whole number, 0 or more, or none')
}

/** Like {@link readLimit}; says so when nothing is left. */
export function readCallerLimit(text: string): Reading {
  const reading = readLimit(text)
  return reading.value === 0 ? { value: 0, warnings: ['0 refuses every call; none means no limit'] } : reading
}

/** At least 1: with 0, in the origin of these variables, the first one already counted. */
export function readCount(text: string): Reading {
  const reading = readInteger(text)
  return reading.value === 0 ? { value: 1, warnings: ['0 is taken for 1'] } : reading
}

/** Seconds, decimals allowed, as milliseconds. */
export function readSeconds(text: string): Reading {
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(text))
    return refuse('must be a number of seconds, 0 or more, with up to three decimals')
  return { value: Math.round(Number(text) * 1000) }
}

/** A number from 0 to 100; beyond that it is cut off, with a warning. */
export function readPercent(text: string): Reading {
  if (!/^-?\d{1,9}(\.\d{1,9})?$/.test(text)) return refuse('must be a number from 0 to 100')
  return clampPercent(Number(text))
}

/** A percentage within its bounds. */
export function clampPercent(percent: number): Reading & { readonly value: number } {
  const value = Math.min(100, Math.max(0, percent))
  return value === percent ? { value } : { value, warnings: [`${percent} percent is taken for ${value}`] }
}

/** The spellings of a boolean that container platforms use. */
export function readBoolean(text: string): Reading {
  const word = text.toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(word)) return { value: true }
  if (['false', '0', 'no', 'off'].includes(word)) return { value: false }
  return refuse('must be true or false')
}

/** A list on `,` or `;`, or a JSON array of strings. */
export function readList(text: string): Reading & { readonly value: string[] | undefined } {
  if (!text.startsWith('[')) return { value: splitList(text) }
  const parsed = z.array(z.string()).safeParse(parseJson(text))
  if (parsed.success) return { value: parsed.data }
  return { value: undefined, problems: ['starts with [ but is not a JSON array of strings'] }
}

/** The entries of a list on `,` or `;`, without the empty ones. */
export function splitList(text: string): string[] {
  return text
    .split(/[,;]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

/** PEM, also where its line ends were written as `\n` to fit into one line. */
export function readPem(text: string): Reading {
  return { value: text.replaceAll('\\n', '\n').trim() }
}

/** The parsed text, or undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
