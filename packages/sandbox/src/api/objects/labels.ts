import { badRequest } from '../errors.ts'

type Labels = Readonly<Record<string, string>>
type Requirement = (labels: Labels) => boolean

const KEY = String.raw`[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?`
const VALUE = String.raw`[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?`

const SET = new RegExp(String.raw`^(${KEY})\s+(in|notin)\s*\(([^()]*)\)$`)
const EQUALITY = new RegExp(String.raw`^(${KEY})\s*(==|=|!=)\s*(${VALUE})?$`)
const COMPARISON = new RegExp(String.raw`^(${KEY})\s*(<|>)\s*(-?\d+)$`)
const EXISTENCE = new RegExp(String.raw`^(!?)\s*(${KEY})$`)

/** Splits `a in (x,y),b=c` at the commas outside parentheses. */
function terms(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/).map((term) => term.trim())
}

function requirement(term: string): Requirement {
  const set = SET.exec(term)
  if (set) return inSet(set[1] ?? '', set[2] === 'in', (set[3] ?? '').split(','))
  const equality = EQUALITY.exec(term)
  if (equality) return equals(equality[1] ?? '', equality[2] !== '!=', equality[3] ?? '')
  const comparison = COMPARISON.exec(term)
  if (comparison) return compares(comparison[1] ?? '', comparison[2] === '>', Number(comparison[3]))
  const existence = EXISTENCE.exec(term)
  if (existence) return (labels) => Object.hasOwn(labels, existence[2] ?? '') === (existence[1] === '')
  throw badRequest(`unable to parse requirement: ${JSON.stringify(term)} is not a label requirement`)
}

/** As in the API, `!=` and `notin` also match objects without the label. */
function equals(key: string, wanted: boolean, value: string): Requirement {
  return (labels) => (labels[key] === value) === wanted
}

function inSet(key: string, wanted: boolean, values: string[]): Requirement {
  const members = new Set(values.map((value) => value.trim()))
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

/**
 * Reads a label selector, `app=llama,tier in (a,b),!legacy`; an empty one matches everything.
 * @throws StatusError 400 where it is not one.
 */
export function parseLabelSelector(selector: string): (labels: Labels | undefined) => boolean {
  if (selector.trim() === '') return () => true
  const requirements = terms(selector).map((term) => requirement(term))
  return (labels) => requirements.every((matches) => matches(labels ?? {}))
}
