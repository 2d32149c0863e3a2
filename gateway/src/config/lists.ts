import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Fields, ListRule } from './draft.ts'
import { nearest } from './nearest.ts'
import { plainMessage } from './plain-message.ts'
import { clampPercent, parseJson, readList, refuse, splitList, type Reading } from './values.ts'

/** The digest of an API key, as the configuration holds it. */
export function keyHash(key: string): string {
  return `sha256:${hash('sha256', key)}`
}

/** How the lists of the configuration take entries of a higher source. */
export const LIST_RULES: ReadonlyMap<string, ListRule> = new Map<string, ListRule>([
  ['upstreams', { identity: ({ name }) => name, replaces: true }],
  ['models', { identity: ({ id }) => id, replaces: false }],
  ['auth.keys', { identity: (entry) => entry['hash'], replaces: false }],
])

/** Reads `name=url` entries, separated by `;` or `,`. The schema judges the addresses. */
export function readUpstreams(text: string): Reading {
  const upstreams: { name: string; url: string }[] = []
  const problems: string[] = []
  for (const [index, entry] of splitList(text).entries()) {
    const [name, url] = splitEntry(entry)
    if (name === '' || url === '') problems.push(`entry ${index + 1} is not name=url (a URL must not hold "," or ";")`)
    else if (upstreams.some((other) => other.name === name)) problems.push(`the name ${name} is used twice`)
    else upstreams.push({ name, url })
  }
  return { value: upstreams, problems }
}

/** Reads `model=a,b;model2=c`: the models that a request falls back to, in their order. */
export function readFallbacks(text: string): Reading {
  const models: Fields[] = []
  const problems: string[] = []
  for (const entry of text.split(';')) {
    if (entry.trim() === '') continue
    const [id, list] = splitEntry(entry)
    const fallbacks = splitList(list)
    if (id === '' || fallbacks.length === 0) problems.push('an entry is not model=fallback,fallback')
    else if (models.some((other) => other['id'] === id)) problems.push(`the model ${id} is named twice`)
    else models.push({ id, fallback: { models: [...new Set(fallbacks)] } })
  }
  return { value: models, problems }
}

function splitEntry(entry: string): [string, string] {
  const equals = entry.indexOf('=')
  return [entry.slice(0, Math.max(equals, 0)).trim(), entry.slice(equals + 1).trim()]
}

const RoutePolicies = z.record(z.string(), z.looseObject({ strategy: z.string().default('weighted') }))

/** Reads `{"<model>":{"strategy":"canary","primary":"vllm","canary":"sglang","percent":10}}`. */
export function readRoutePolicies(text: string): Reading {
  const parsed = RoutePolicies.safeParse(parseJson(text))
  if (!parsed.success) return refuse('must be a JSON object of the form {"<model>":{"strategy":"direct","target":"…"}}')
  const warnings: string[] = []
  const value = Object.entries(parsed.data).map(([id, policy]) => {
    const warn = (warning: string): void => void warnings.push(`the policy of ${id}: ${warning}`)
    return { id, route: withPercent(withWeights(policy, warn), warn) }
  })
  return { value, warnings }
}

/** Targets without a name are left out, weights below 0 count as 0: so these variables have always been read. */
function withWeights(policy: Fields, warn: (warning: string) => void): Fields {
  const targets = policy['targets']
  if (!Array.isArray(targets)) return policy
  const named = targets.filter((target) => z.looseObject({ name: z.string().min(1) }).safeParse(target).success)
  if (named.length < targets.length) warn('a target without a name is left out')
  const weighted = named.map((target: unknown) => {
    const parsed = z.looseObject({ weight: z.number().negative() }).safeParse(target)
    if (!parsed.success) return target
    warn('a weight below 0 is taken for 0')
    return { ...parsed.data, weight: 0 }
  })
  return { ...policy, targets: weighted }
}

function withPercent(policy: Fields, warn: (warning: string) => void): Fields {
  const { percentage, ...rest } = policy
  const percent = rest['percent'] ?? percentage
  if (percent === undefined) return rest
  if (typeof percent !== 'number') return { ...rest, percent }
  const { value, warnings = [] } = clampPercent(percent)
  warnings.forEach(warn)
  return { ...rest, percent: value }
}

const Count = z.int().min(0).nullable()

/** What a policy may say of one key, in the words of `GATEWAY_API_KEY_POLICIES`. */
const KeyPolicy = z.strictObject({
  allowed_models: z.array(z.string()).optional(),
  projects: z.array(z.string()).optional(),
  rate_limit_per_minute: Count.optional(),
  tokens_per_minute: Count.optional(),
  concurrency: Count.optional(),
  team: z.string().optional(),
})

/** Reads the policies of keys; a key that only has a policy is valid too. Problems count entries instead of naming keys. */
export function readKeyPolicies(text: string): Reading {
  const policies = z.record(z.string().min(1), z.unknown()).safeParse(parseJson(text))
  if (!policies.success) return refuse('must be a JSON object of the form {"<key>":{"projects":["<namespace>"]}}')
  const problems: string[] = []
  const value = Object.entries(policies.data).flatMap(([key, policy], index) => {
    const parsed = KeyPolicy.safeParse(policy)
    if (parsed.success) return [{ hash: keyHash(key), ...keyFields(parsed.data) }]
    problems.push(
      ...parsed.error.issues.map((issue) => `the policy of key ${index + 1}: ${describePolicyIssue(issue)}`),
    )
    return []
  })
  return { value, problems }
}

// A restriction that is asked for but not understood must not be left out: that would open what should be closed.
function describePolicyIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const fields = Object.keys(KeyPolicy.shape)
    const meant = issue.keys.map((name) => nearest(name, fields)).find((field) => field !== undefined)
    return `an unknown field${meant === undefined ? '' : `, perhaps ${meant}`}; the fields are ${fields.join(', ')}`
  }
  return issue.path.length === 0 ? 'must be an object' : `${issue.path.join('.')} ${plainMessage(issue)}`
}

function keyFields(policy: z.infer<typeof KeyPolicy>): Fields {
  const { allowed_models: models, projects, team } = policy
  const limits = {
    requestsPerWindow: policy.rate_limit_per_minute,
    tokensPerMinute: policy.tokens_per_minute,
    concurrency: policy.concurrency,
  }
  return withoutUndefined({ models, projects, team, limits: withoutUndefined(limits) })
}

function withoutUndefined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** Reads keys as a list on `,` or `;`, or as a JSON array. */
export function readKeys(text: string): Reading {
  const { value, problems = [] } = readList(text)
  if (value === undefined) return { value, problems }
  return { value: [...new Set(value)].filter((key) => key !== '').map((key) => ({ hash: keyHash(key) })) }
}
