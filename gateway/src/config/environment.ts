import type { Draft, Fields, Origin, Path } from './draft.ts'
import { isFields } from './draft.ts'
import type { ConfigProblem } from './errors.ts'
import { LIST_RULES } from './lists.ts'
import { nearest } from './nearest.ts'
import { SETTINGS, VARIABLES, VARIABLE_NAMES, type Variable } from './variables.ts'
import { readBoolean } from './values.ts'

const PREFIX = 'GATEWAY_'

/** Environment variables as a process sees them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What came to light while a configuration was read. */
export interface Findings {
  readonly problems: ConfigProblem[]
  readonly warnings: string[]
}

/** What variables say of how everything is read. */
export interface Settings {
  readonly file: string | undefined
  readonly isStrict: boolean
  readonly isDevelopment: boolean
}

/**
 * The gateway's variables, in upper case: they have always been read in any case. A variable that is set but empty
 * counts as unset, as in a manifest that lists every name.
 */
export function gatewayVariables(env: Environment): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [name, text = ''] of Object.entries(env)) {
    const upper = name.toUpperCase()
    if (!upper.startsWith(PREFIX) || text.trim() === '') continue
    if (name === upper || !found.has(upper)) found.set(upper, text.trim())
  }
  return found
}

/** Reads the variables that set no field. */
export function readSettings(variables: ReadonlyMap<string, string>, { problems }: Findings): Settings {
  const flag = (name: string): boolean => {
    const text = variables.get(name)
    const reading = text === undefined ? { value: false } : readBoolean(text)
    for (const problem of reading.problems ?? []) problems.push({ where: name, problem })
    return reading.value === true
  }
  return { file: variables.get(SETTINGS.file), isStrict: flag(SETTINGS.strict), isDevelopment: flag(SETTINGS.dev) }
}

/** Writes every variable over what the draft says already. */
export function applyVariables(variables: ReadonlyMap<string, string>, draft: Draft, findings: Findings): void {
  const failed = new Set<string>()
  for (const variable of VARIABLES) {
    const text = variables.get(variable.name)
    if (text === undefined || failed.has(variable.name)) continue
    const { value, problems = [], warnings = [] } = variable.read(text)
    findings.problems.push(...problems.map((problem) => ({ where: variable.name, problem })))
    findings.warnings.push(...warnings.map((warning) => `${variable.name}: ${warning}.`))
    if (problems.length > 0) failed.add(variable.name)
    if (value !== undefined) apply(variable, value, draft, findings)
  }
}

function apply(variable: Variable, value: unknown, draft: Draft, { warnings }: Findings): void {
  const { name, field, needs } = variable
  if (needs !== undefined && !needs.some((other) => draft.get(other.split('.')) !== undefined)) {
    const others = VARIABLES.filter((other) => needs.includes(other.field)).map((other) => other.name)
    warnings.push(`${name} has no effect without ${others.join(' or ')}.`)
    return
  }
  const origin: Origin = { kind: 'variable', name }
  const path = field.split('.')
  const rule = LIST_RULES.get(field)
  if (rule === undefined || !Array.isArray(value)) return draft.set(path, value, origin)
  for (const { index, earlier } of draft.add(path, value.filter(isFields), rule, origin)) {
    if (earlier?.kind !== 'file') continue
    warnings.push(`${name} wins over ${describeEntry(draft, [...path, index])} of ${earlier.file}:${earlier.line}.`)
  }
}

/** An entry of a list by its name; keys have none that may be said. */
function describeEntry(draft: Draft, path: Path): string {
  const entry = draft.get(path)
  const { name, id }: Fields = isFields(entry) ? entry : {}
  return [name, id].find((known) => typeof known === 'string') ?? 'a key'
}

/** Warns of names that look like slips; in strict mode they are errors. */
export function checkNames(variables: ReadonlyMap<string, string>, isStrict: boolean, findings: Findings): void {
  for (const name of variables.keys()) {
    if (VARIABLE_NAMES.has(name) || isServiceLink(name)) continue
    // What all begin with would make short names alike.
    const guess = nearest(unprefixed(name), [...VARIABLE_NAMES].map(unprefixed))
    const problem = `is not a variable of the gateway${guess === undefined ? '' : `; did you mean ${PREFIX}${guess}?`}`
    if (isStrict) findings.problems.push({ where: name, problem })
    else findings.warnings.push(`${name} ${problem}${problem.endsWith('?') ? '' : '.'}`)
  }
}

function unprefixed(name: string): string {
  return name.slice(PREFIX.length)
}

/** What Kubernetes sets in every pod of a namespace with a Service named `gateway` or `gateway-…`. */
function isServiceLink(name: string): boolean {
  return /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$/.test(name)
}
