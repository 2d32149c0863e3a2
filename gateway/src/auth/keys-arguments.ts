import { parseArgs } from 'node:util'
import { plainMessage } from '../config/plain-message.ts'
import { KeyPolicy } from '../config/schema/auth.ts'
import { messageOf } from '../errors.ts'
import type { StoredPolicy } from './key-changes.ts'
import { StoredKey } from './key-document.ts'

/** What `nexus-gateway keys` is asked to do. */
export type KeysRequest = { readonly store: KeyStore; readonly json: boolean } & (
  | { readonly verb: 'create'; readonly id: string; readonly policy: StoredPolicy }
  | { readonly verb: 'rotate'; readonly id: string; readonly overlapMs: number; readonly expiresAt: string | undefined }
  | { readonly verb: 'revoke'; readonly id: string }
  | { readonly verb: 'list' }
)

/** Where the document of the keys is: in a file, or on standard input and, changed, in the answer. */
export type KeyStore = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'stdin' }

/** The command line cannot be understood. */
export class KeysUsageError extends Error {
  override readonly name = 'KeysUsageError' as const
}

const OPTIONS = {
  file: { type: 'string' },
  stdin: { type: 'boolean' },
  output: { type: 'string', short: 'o' },
  models: { type: 'string', multiple: true },
  projects: { type: 'string', multiple: true },
  requests: { type: 'string' },
  tokens: { type: 'string' },
  concurrency: { type: 'string' },
  expires: { type: 'string' },
  overlap: { type: 'string' },
  team: { type: 'string' },
} as const

type Values = ReturnType<typeof parse>['values']

/** The flags that a verb understands, besides those of the store and of the output. */
const FLAGS: Readonly<Record<string, readonly (keyof typeof OPTIONS)[]>> = {
  create: ['models', 'projects', 'requests', 'tokens', 'concurrency', 'expires', 'team'],
  rotate: ['overlap', 'expires'],
  revoke: [],
  list: [],
}

const DAY_MS = 86_400_000

/**
 * Reads the arguments that follow `keys`.
 *
 * @param nowMs wall clock, ms since 1970: spans of time count from it
 * @throws KeysUsageError
 */
export function parseKeysArguments(argv: readonly string[], nowMs: number): KeysRequest {
  const { values, positionals } = parse(argv)
  const [verb = '', id = '', ...rest] = positionals
  const allowed = FLAGS[verb]
  if (allowed === undefined) throw new KeysUsageError('say one of: create, list, revoke, rotate')
  const wrong = Object.keys(values).find((flag) => !isAllowed(flag, allowed))
  if (wrong !== undefined) throw new KeysUsageError(`keys ${verb} has no flag --${wrong}`)
  if (rest.length > 0 || (verb === 'list' && id !== '')) throw new KeysUsageError('there are too many arguments')
  const common = { store: readStore(values), json: readOutput(values.output) }
  if (verb === 'list') return { verb, ...common }
  const name = StoredKey.shape.id.safeParse(id)
  if (!name.success)
    throw new KeysUsageError(
      'a key has a name of 1 to 64 letters, digits, dots, dashes, underscores, and not that of a token (jwt-)',
    )
  if (verb === 'create') return { verb, id, policy: readPolicy(values, nowMs), ...common }
  if (verb === 'revoke') return { verb, id, ...common }
  const overlapMs = values.overlap === undefined ? DAY_MS : readSpan('overlap', values.overlap)
  return { verb: 'rotate', id, overlapMs, expiresAt: readExpiry(values.expires, nowMs), ...common }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true })
  } catch (error) {
    throw new KeysUsageError(messageOf(error), { cause: error })
  }
}

function isAllowed(flag: string, allowed: readonly string[]): boolean {
  return allowed.includes(flag) || flag === 'file' || flag === 'stdin' || flag === 'output'
}

function readStore({ file, stdin }: Values): KeyStore {
  if (file !== undefined && stdin !== true) return { kind: 'file', path: file }
  if (file === undefined && stdin === true) return { kind: 'stdin' }
  throw new KeysUsageError('say where the keys are: --file FILE or --stdin')
}

function readOutput(format: string | undefined): boolean {
  if (format === undefined || format === 'json') return format === 'json'
  throw new KeysUsageError('--output can only be json')
}

function readPolicy(values: Values, nowMs: number): StoredPolicy {
  const policy = KeyPolicy.safeParse({
    projects: splitList(values.projects),
    ...(values.models === undefined ? {} : { models: splitList(values.models) }),
    limits: {
      ...limit('requestsPerWindow', 'requests', values.requests),
      ...limit('tokensPerMinute', 'tokens', values.tokens),
      ...limit('concurrency', 'concurrency', values.concurrency),
    },
    ...(values.team === undefined ? {} : { team: values.team }),
    ...(values.expires === undefined ? {} : { expiresAt: readExpiry(values.expires, nowMs) }),
  })
  if (policy.success) return policy.data
  throw new KeysUsageError(
    policy.error.issues.map((issue) => `--${String(issue.path[0])} ${plainMessage(issue)}`).join('; '),
  )
}

function splitList(values: readonly string[] = []): string[] {
  return values
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '')
}

/** A limit, where its flag is given. */
function limit(name: string, flag: string, text: string | undefined): Record<string, number | null> {
  if (text === undefined) return {}
  if (text === 'none') return { [name]: null }
  if (/^\d{1,12}$/.test(text)) return { [name]: Number(text) }
  throw new KeysUsageError(`--${flag} is a number, or none for no limit`)
}

function readExpiry(text: string | undefined, nowMs: number): string | undefined {
  if (text === undefined) return undefined
  const isDate = /^\d{4}-\d{2}-\d{2}/.test(text)
  const atMs = isDate ? Date.parse(text) : nowMs + readSpan('expires', text)
  if (!Number.isFinite(atMs) || atMs > 8.64e15) throw new KeysUsageError('--expires is a date that does not exist')
  if (atMs <= nowMs) throw new KeysUsageError('--expires must be in the future')
  return new Date(atMs).toISOString()
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS }

function readSpan(flag: string, text: string): number {
  const [, amount, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const unitMs = UNITS_MS[unit]
  if (text === '0') return 0
  const orDate = flag === 'expires' ? ', or a date such as 2027-01-31' : ''
  if (unitMs === undefined) throw new KeysUsageError(`--${flag} is a span such as 90s, 30m, 24h or 30d${orDate}`)
  return Number(amount) * unitMs
}
