import { OpenAIError } from '../openai-error.ts'

const HOUR_MS = 3_600_000
const MAX_EVENT_BYTES = 64 * 1024 * 1024

/** The switches that take a number, and the largest; `status` must be one of an error. */
const NUMBERS = {
  'first-byte-delay': HOUR_MS,
  'token-delay': HOUR_MS,
  tokens: 1_000_000,
  cut: 1_000_000,
  end: 1_000_000,
  malformed: 1_000_000,
  status: 599,
  'retry-after': 1_000_000,
  times: 1_000_000,
  'error-event-at': 1_000_000,
  split: MAX_EVENT_BYTES,
  'huge-event': MAX_EVENT_BYTES,
  'slow-drip': HOUR_MS,
} as const

const FLAGS = [
  'no-done',
  'error-event',
  'reset-on-reuse',
  'split-utf8',
  'crlf',
  'no-usage',
  'not-json',
  'headers',
  'gzip',
] as const

/** The least value, where it is not 0. */
const LEAST: Partial<Record<NumberFault, number>> = {
  status: 300,
  malformed: 1,
  times: 1,
  'error-event-at': 1,
  split: 1,
}

export type NumberFault = keyof typeof NUMBERS
export type FlagFault = (typeof FLAGS)[number]

/** The name of the header that switches faults on, and what stands before them in a model's name. */
export const FAULT_HEADER = 'x-mock-fault'
export const FAULT_SUFFIX = '+fault='

/** What one request asks to go wrong. */
export class Faults {
  readonly #numbers: ReadonlyMap<string, number>
  readonly #flags: ReadonlySet<string>
  /** What tells this request from others of the same faults: `id=…` or the text of the switches. */
  readonly id: string

  constructor(numbers: ReadonlyMap<string, number>, flags: ReadonlySet<string>, id: string) {
    this.#numbers = numbers
    this.#flags = flags
    this.id = id
  }

  /** Whether a switch without a value is on. */
  has(name: FlagFault): boolean {
    return this.#flags.has(name)
  }

  /** The value of a switch; undefined: off. */
  value(name: NumberFault): number | undefined {
    return this.#numbers.get(name)
  }
}

/** Nothing goes wrong. */
export const NO_FAULTS = new Faults(new Map(), new Set(), '')

/**
 * Reads `name=value` switches, separated by `;`, of a header and of a model's name; the model's win.
 *
 * @throws OpenAIError 400 that says which switches exist
 */
export function parseFaults(header: string | undefined, model: string): Faults {
  const text = [header ?? '', faultsOfModel(model)].filter((part) => part !== '').join(';')
  if (text === '') return NO_FAULTS
  const numbers = new Map<string, number>()
  const flags = new Set<string>()
  let id = text
  for (const entry of text.split(';').map((part) => part.trim())) {
    const [name, value] = splitEntry(entry)
    if (name === '') continue
    if (name === 'id') id = value ?? ''
    else if (isNumberFault(name)) numbers.set(name, parseNumber(name, value))
    else if (isFlag(name) && value === undefined) flags.add(name)
    else throw refused(`There is no fault "${entry}".`)
  }
  return new Faults(numbers, flags, id)
}

/** The model without its faults: `mock-worker+fault=cut=3` → `mock-worker`. */
export function baseModel(model: string): string {
  const at = model.indexOf(FAULT_SUFFIX)
  return at === -1 ? model : model.slice(0, at)
}

function faultsOfModel(model: string): string {
  const at = model.indexOf(FAULT_SUFFIX)
  return at === -1 ? '' : model.slice(at + FAULT_SUFFIX.length)
}

function splitEntry(entry: string): [string, string | undefined] {
  const equals = entry.indexOf('=')
  return equals === -1 ? [entry, undefined] : [entry.slice(0, equals).trim(), entry.slice(equals + 1).trim()]
}

function parseNumber(name: NumberFault, text = ''): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  const least = LEAST[name] ?? 0
  const whole = name === 'retry-after' || Number.isInteger(value)
  if (whole && value >= least && value <= NUMBERS[name]) return value
  throw refused(`${name} must be a whole number from ${least} to ${NUMBERS[name]}.`)
}

function refused(problem: string): OpenAIError {
  const names = [...Object.keys(NUMBERS).map((name) => `${name}=N`), ...FLAGS, 'id=TEXT'].join(', ')
  return new OpenAIError(400, `${problem} Faults are: ${names}.`, { param: FAULT_HEADER, code: 'unknown_fault' })
}

function isNumberFault(name: string): name is NumberFault {
  return Object.hasOwn(NUMBERS, name)
}

function isFlag(name: string): name is FlagFault {
  return FLAGS.some((flag) => flag === name)
}
