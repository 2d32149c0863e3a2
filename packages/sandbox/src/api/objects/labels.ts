import { badRequest } from '../errors.ts'
import { faultsOf, labelValue, qualifiedNameFaults } from '../validation/names.ts'
import { tokensOf } from './label-lexer.ts'
import type { Tokens } from './label-lexer.ts'

type Labels = Readonly<Record<string, string>>
type Requirement = (labels: Labels) => boolean

/**
 * Reads a label selector, `app=llama,tier in (a,b),!legacy`; an empty one matches everything. Refusals are worded as by
 * kube-apiserver (`labels.Parse` of apimachinery).
 * @throws StatusError 400 where it is not one.
 */
export function parseLabelSelector(selector: string): (labels: Labels | undefined) => boolean {
  const requirements = parseAll(tokensOf(selector))
  return (labels) => requirements.every((matches) => matches(labels ?? {}))
}

function parseAll(tokens: Tokens): Requirement[] {
  const requirements: Requirement[] = []
  if (tokens.peek().kind === 'end') return requirements
  for (;;) {
    const first = tokens.peek()
    if (first.kind !== 'word' && first.kind !== '!')
      throw badRequest(
        requirements.length === 0
          ? `found '${first.text}', expected: !, identifier, or 'end of string'`
          : `found '${first.text}', expected: identifier after ','`,
      )
    requirements.push(parseRequirement(tokens))
    const next = tokens.take()
    if (next.kind === 'end') return requirements
    if (next.kind !== ',') throw badRequest(`found '${next.text}', expected: ',' or 'end of string'`)
  }
}

function unreadable(why: string): Error {
  return badRequest(`unable to parse requirement: ${why}`)
}

function parseRequirement(tokens: Tokens): Requirement {
  const isAbsent = tokens.peek().kind === '!'
  if (isAbsent) tokens.take()
  const key = parseKey(tokens)
  if (isAbsent) return (labels) => !Object.hasOwn(labels, key)
  const next = tokens.peek()
  if (next.kind === 'end' || next.kind === ',') return (labels) => Object.hasOwn(labels, key)
  const operator = tokens.take().text
  switch (operator) {
    case 'in':
    case 'notin':
      return inSet(key, operator === 'in', checkedValues(key, parseValues(tokens)))
    case '=':
    case '==':
    case '!=':
      return equals(key, operator !== '!=', checkedValues(key, [parseValue(tokens)])[0] ?? '')
    case '>':
    case '<':
      return compares(key, operator === '>', parseNumber(key, parseValue(tokens)))
    default:
      throw unreadable(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`)
  }
}

function parseKey(tokens: Tokens): string {
  const { kind, text } = tokens.take()
  if (kind !== 'word') throw unreadable(`found '${text}', expected: identifier`)
  const faults = qualifiedNameFaults(text)
  if (faults.length > 0) throw unreadable(`<nil>: Invalid value: ${JSON.stringify(text)}: ${faults.join('; ')}`)
  return text
}

/** The value after `=`; nothing stands for an empty one. */
function parseValue(tokens: Tokens): string {
  const next = tokens.peek()
  if (next.kind === 'end' || next.kind === ',') return ''
  const { kind, text } = tokens.take()
  if (kind !== 'word') throw unreadable(`found '${text}', expected: identifier`)
  return text
}

/** The values in parentheses: `(a,b)`; `()` holds an empty one, and so does each comma too many. */
function parseValues(tokens: Tokens): string[] {
  const open = tokens.take()
  if (open.kind !== '(') throw unreadable(`found '${open.text}' expected: '('`)
  const values: string[] = []
  for (;;) {
    const { kind, text } = tokens.take()
    if (kind === ')') return [...values, '']
    if (kind === ',') {
      values.push('')
      continue
    }
    if (kind !== 'word') throw unreadable(`found '${text}', expected: ',', ')' or identifier`)
    values.push(text)
    const after = tokens.take()
    if (after.kind === ')') return values
    if (after.kind !== ',') throw unreadable(`found '${after.text}', expected: ',' or ')'`)
  }
}

function checkedValues(key: string, values: string[]): string[] {
  const faults = values.flatMap((value, index) => {
    const [fault] = faultsOf(value, labelValue)
    return fault === undefined ? [] : [`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${fault}`]
  })
  if (faults.length === 0) return values
  throw unreadable(faults.length === 1 ? faults.join('') : `[${faults.join(', ')}]`)
}

function parseNumber(key: string, value: string): number {
  if (/^[+-]?\d+$/.test(value)) return Number(checkedValues(key, [value])[0])
  const why = "for 'Gt', 'Lt' operators, the value must be an integer"
  throw unreadable(`values[0]: Invalid value: ${JSON.stringify(value)}: ${why}`)
}

/** As in the API, `!=` and `notin` also match objects without the label. */
function equals(key: string, wanted: boolean, value: string): Requirement {
  return (labels) => (labels[key] === value) === wanted
}

function inSet(key: string, wanted: boolean, values: string[]): Requirement {
  const members = new Set(values)
  return (labels) => {
    const value = labels[key]
    return (value !== undefined && members.has(value)) === wanted
  }
}

function compares(key: string, greater: boolean, bound: number): Requirement {
  return (labels) => {
    const value = labels[key]
    if (value === undefined || !/^-?\d+$/.test(value)) return false
    return greater ? Number(value) > bound : Number(value) < bound
  }
}
