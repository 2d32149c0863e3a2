import type { ApiObject } from '../object.ts'
import { isRecord, listAt } from '../objects/fields.ts'
import type { Attributes, ResourceAttributes } from './attributes.ts'

/** One rule of a Role or ClusterRole; `*` stands for everything. */
export interface PolicyRule {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  /** `pods`, `pods/log`, `*\/scale`. */
  readonly resources: readonly string[]
  /** Empty for every name. */
  readonly resourceNames: readonly string[]
  /** `/version`, `/apis/*`. */
  readonly nonResourceURLs: readonly string[]
}

const parsed = new WeakMap<ApiObject, readonly PolicyRule[]>()

/** The rules of a Role or ClusterRole. Stored objects never change, so each is read once. */
export function rulesOf(role: ApiObject): readonly PolicyRule[] {
  const known = parsed.get(role)
  if (known) return known
  const rules = parseRules(role)
  parsed.set(role, rules)
  return rules
}

/** The rules of an object that is still being written. */
export function parseRules(role: ApiObject): PolicyRule[] {
  return listAt(role, 'rules').filter(isRecord).map(toRule)
}

function toRule(rule: Record<string, unknown>): PolicyRule {
  return {
    verbs: stringsAt(rule, 'verbs'),
    apiGroups: stringsAt(rule, 'apiGroups'),
    resources: stringsAt(rule, 'resources'),
    resourceNames: stringsAt(rule, 'resourceNames'),
    nonResourceURLs: stringsAt(rule, 'nonResourceURLs'),
  }
}

function stringsAt(rule: Record<string, unknown>, field: string): string[] {
  return listAt(rule, field).filter((one) => typeof one === 'string')
}

/** Whether `rule` allows what `attributes` say. */
export function allows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!includesOrAll(rule.verbs, attributes.verb)) return false
  if (attributes.kind === 'path') return rule.nonResourceURLs.some((url) => urlCovers(url, attributes.path))
  return (
    includesOrAll(rule.apiGroups, attributes.group) &&
    resourceMatches(rule.resources, attributes) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(attributes.name))
  )
}

/** Whether `list` holds `one` or `*`. */
export function includesOrAll(list: readonly string[], one: string): boolean {
  return list.includes(one) || list.includes('*')
}

function resourceMatches(resources: readonly string[], { resource, subresource }: ResourceAttributes): boolean {
  return resourceIncluded(resources, subresource === '' ? resource : `${resource}/${subresource}`)
}

/** Whether `resources` hold `deployments/scale`, `*\/scale` or `*`. */
export function resourceIncluded(resources: readonly string[], wanted: string): boolean {
  if (includesOrAll(resources, wanted)) return true
  const slash = wanted.indexOf('/')
  return slash >= 0 && resources.includes(`*${wanted.slice(slash)}`)
}

/** Whether the URL of a rule, which may end in `*`, covers `path`. */
export function urlCovers(url: string, path: string): boolean {
  return url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)))
}
