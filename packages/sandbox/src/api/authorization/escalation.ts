import type { User } from '../authentication/user.ts'
import { includesOrAll, resourceIncluded, urlCovers } from './rules.ts'
import type { PolicyRule } from './rules.ts'

const NOTHING: PolicyRule = { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] }

/** What of `wanted` nobody with the rules `held` could do, in rules of one resource or URL each. */
export function missingRights(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  const parts = wanted.flatMap((rule) => singleRights(rule))
  return merged(parts.filter((part) => !held.some((rule) => covers(rule, part))))
}

/** How many rights of one verb on one resource or URL the rules grant together. */
export function countRights(rules: readonly PolicyRule[]): number {
  return rules.reduce((sum, { verbs, apiGroups, resources, resourceNames, nonResourceURLs }) => {
    const places = apiGroups.length * resources.length * Math.max(resourceNames.length, 1) + nonResourceURLs.length
    return sum + verbs.length * places
  }, 0)
}

/** A rule as rules of one verb on one resource or URL. */
function singleRights(rule: PolicyRule): PolicyRule[] {
  const names = rule.resourceNames.length === 0 ? [[]] : rule.resourceNames.map((name) => [name])
  const onResources = rule.apiGroups.flatMap((group) =>
    rule.resources.flatMap((resource) =>
      rule.verbs.flatMap((verb) =>
        names.map((resourceNames) => {
          return { ...NOTHING, apiGroups: [group], resources: [resource], verbs: [verb], resourceNames }
        }),
      ),
    ),
  )
  const onUrls = rule.nonResourceURLs.flatMap((url) =>
    rule.verbs.map((verb) => ({ ...NOTHING, nonResourceURLs: [url], verbs: [verb] })),
  )
  return [...onResources, ...onUrls]
}

/** Whether `rule` allows everything that `part`, a rule of one right, allows. */
function covers(rule: PolicyRule, part: PolicyRule): boolean {
  return (
    part.verbs.every((verb) => includesOrAll(rule.verbs, verb)) &&
    part.apiGroups.every((group) => includesOrAll(rule.apiGroups, group)) &&
    part.resources.every((resource) => resourceIncluded(rule.resources, resource)) &&
    part.nonResourceURLs.every((url) => rule.nonResourceURLs.some((held) => urlCovers(held, url))) &&
    namesCovered(rule.resourceNames, part.resourceNames)
  )
}

function namesCovered(held: readonly string[], wanted: readonly string[]): boolean {
  if (held.length === 0) return true
  return wanted.length > 0 && wanted.every((name) => held.includes(name))
}

/** Rules on the same resource as one rule with all their verbs. */
function merged(parts: readonly PolicyRule[]): PolicyRule[] {
  const byPlace = new Map<string, PolicyRule>()
  for (const part of parts) {
    const place = part.resources.length > 0 ? { ...part, verbs: [] } : part
    const key = JSON.stringify(place)
    const known = byPlace.get(key)
    byPlace.set(key, known ? { ...known, verbs: [...known.verbs, ...part.verbs] } : part)
  }
  return [...byPlace.values()]
}

/** `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}`, as Go writes it. */
function describeRule(rule: PolicyRule): string {
  const fields = {
    APIGroups: rule.apiGroups,
    Resources: rule.resources,
    NonResourceURLs: rule.nonResourceURLs,
    ResourceNames: rule.resourceNames,
    Verbs: rule.verbs,
  }
  const written = Object.entries(fields).flatMap(([name, values]) => {
    return values.length === 0 ? [] : `${name}:${quotedList(values)}`
  })
  return `{${written.join(', ')}}`
}

/** A list of texts as Go quotes it. */
export function quotedList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`
}

/** Why somebody may not grant what he has not got. */
export function describeEscalation({ username, groups }: User, missing: readonly PolicyRule[]): string {
  const who = `user ${JSON.stringify(username)} (groups=${quotedList(groups)})`
  const rules = [...new Set(missing.map((rule) => describeRule(rule)))].sort()
  return `${who} is attempting to grant RBAC permissions not currently held:\n${rules.join('\n')}`
}
