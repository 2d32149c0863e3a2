import { z } from 'zod'
import { parseJson } from './values.ts'

/** What a policy may say of one key. */
const KeyPolicy = z.looseObject({ projects: z.array(z.string()).default([]) })

/** What one key may do, read from the environment. */
export interface KeyEntry {
  readonly key: string
  readonly projects: string[]
}

/** The keys of both variables as one list, with what is wrong and what has no effect. */
export interface KeyReading {
  readonly keys: KeyEntry[]
  readonly problems: string[]
  readonly warnings: string[]
}

/**
 * Joins `GATEWAY_API_KEYS` with `GATEWAY_API_KEY_POLICIES` (`{"<key>": {"projects": ["demo"]}}`). A key that only has a
 * policy is valid too; one without a policy reaches no project. Problems count entries instead of naming keys.
 */
export function joinKeysWithPolicies(listed: readonly string[], policiesText: string): KeyReading {
  const problems: string[] = []
  const warnings: string[] = []
  const keys = new Map(listed.map((key): [string, string[]] => [key, []]))
  for (const [index, [key, value]] of Object.entries(readPolicies(policiesText, problems)).entries()) {
    const policy = KeyPolicy.safeParse(value)
    const where = `the policy of key ${index + 1}`
    if (!policy.success) problems.push(`${where} must be an object whose projects are a list of namespaces`)
    else keys.set(key, policy.data.projects)
    for (const field of Object.keys(policy.data ?? {})) {
      if (field === 'projects') continue
      if (field === 'rate_limit_per_minute') warnings.push(`${where}: rate_limit_per_minute has no effect yet`)
      // Starting without a restriction that was asked for would open what should be closed.
      else
        problems.push(
          `${where}: ${field === 'allowed_models' ? 'allowed_models' : 'an unknown field'} cannot be enforced; remove it`,
        )
    }
  }
  return { keys: [...keys].map(([key, projects]) => ({ key, projects })), problems, warnings }
}

function readPolicies(text: string, problems: string[]): Record<string, unknown> {
  if (text === '') return {}
  const parsed = z.record(z.string(), z.unknown()).safeParse(parseJson(text))
  if (!parsed.success) problems.push('must be a JSON object of the form {"<key>":{"projects":["<namespace>"]}}')
  return parsed.data ?? {}
}
