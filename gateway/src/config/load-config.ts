import type { z } from 'zod'
import { checkCluster, deriveValues, hashKeys } from './derive.ts'
import { Draft, isFields, type Path } from './draft.ts'
import {
  applyVariables,
  checkNames,
  gatewayVariables,
  readSettings,
  type Environment,
  type Findings,
} from './environment.ts'
import { ConfigError, type ConfigProblem } from './errors.ts'
import { siblingsOf } from './fields.ts'
import { readConfigFile } from './file.ts'
import { linkIssues } from './links.ts'
import { keyHash } from './lists.ts'
import { nearest } from './nearest.ts'
import { plainMessage } from './plain-message.ts'
import { GatewayConfig } from './schema.ts'

export type { Environment } from './environment.ts'

/** A valid configuration and how it came about. */
export interface LoadedConfig {
  readonly config: GatewayConfig
  /** What a person should know about it, in whole sentences. */
  readonly warnings: readonly string[]
  /** Where each value came from. */
  readonly draft: Draft
  /** The file that was read, if any; its digest tells whether it has changed since. */
  readonly file: { readonly path: string; readonly digest: string } | undefined
}

const DEV_KEY = keyHash('dev-key')

/**
 * Reads the configuration: defaults, then the file that `GATEWAY_CONFIG_FILE` names, then `GATEWAY_*` variables; what
 * comes later wins. The result holds digests of keys, never a key.
 *
 * @throws ConfigError with every problem at once
 */
export function loadConfig(env: Environment): LoadedConfig {
  const findings: Findings = { problems: [], warnings: [] }
  const variables = gatewayVariables(env)
  const { file: path, isStrict, isDevelopment } = readSettings(variables, findings)
  checkNames(variables, isStrict, findings)
  const slips = [...findings.warnings]
  const file = path === undefined ? undefined : tryFile(path, findings)
  const draft = new Draft(file?.root, file?.origins)
  hashKeys(draft)
  applyVariables(variables, draft, findings)
  admitDevKey(draft, isDevelopment, findings)
  deriveValues(draft, env)
  const config = validate(draft, findings.problems, slips)
  findings.warnings.push(...missingCredentials(config, env))
  return {
    config,
    warnings: findings.warnings,
    draft,
    file: path === undefined || file === undefined ? undefined : { path, digest: file.digest },
  }
}

/** The file, or what is wrong with it as findings: what variables say is checked all the same. */
function tryFile(path: string, findings: Findings) {
  try {
    return readConfigFile(path)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    findings.problems.push(...error.problems)
    return undefined
  }
}

/** The key that everyone knows is a key in development only; there it opens every project. */
function admitDevKey(draft: Draft, isDevelopment: boolean, { problems, warnings }: Findings): void {
  const keys = draft.get(['auth', 'keys']) ?? []
  if (!Array.isArray(keys)) return
  const index = keys.findIndex((entry) => isFields(entry) && entry['hash'] === DEV_KEY)
  if (index !== -1 && !isDevelopment) {
    const origin = draft.nearestOrigin(['auth', 'keys', index])
    const problem =
      'everybody knows dev-key: choose another key, or set GATEWAY_DEV=true where nobody else can reach the gateway'
    problems.push({ where: whereOf(origin), field: `auth.keys[${index}]`, problem })
  } else if (isDevelopment && (index !== -1 || keys.length === 0)) {
    warnings.push('GATEWAY_DEV is on and dev-key is accepted. Do not expose this gateway.')
    const origin = { kind: 'variable', name: 'GATEWAY_DEV' } as const
    if (index === -1) draft.set(['auth', 'keys'], [{ hash: DEV_KEY }], origin)
    const path: Path = ['auth', 'keys', Math.max(index, 0)]
    draft.merge(path, { shared: true, projects: ['*'] }, origin)
  } else if (
    keys.length === 0 &&
    draft.get(['auth', 'jwt']) === undefined &&
    draft.get(['auth', 'secret']) === undefined
  ) {
    warnings.push('No API key is set: every call is answered 401. Set GATEWAY_API_KEYS.')
  }
}

/** The variable may come from somewhere else than the file that names it, so that its absence is no error of the file. */
function missingCredentials({ upstreams }: GatewayConfig, env: Environment): string[] {
  return upstreams.flatMap(({ name, credentials }) =>
    credentials === undefined || (env[credentials.fromEnv] ?? '') !== ''
      ? []
      : [`${credentials.fromEnv} is not set: the upstream ${name} is called without credentials.`],
  )
}

/** @param slips names that look like slips: one can be why something is missing */
function validate(draft: Draft, problems: readonly ConfigProblem[], slips: readonly string[]): GatewayConfig {
  const parsed = GatewayConfig.safeParse(draft.root)
  const cluster = checkCluster(draft)
  if (parsed.success && problems.length === 0 && cluster.length === 0) return parsed.data
  // A schema that has failed does not get as far as its last check, which is about the links.
  const found = [
    ...(parsed.error?.issues.flatMap(plainIssues) ?? []),
    ...(parsed.success ? [] : linkIssues(draft.root)),
    ...cluster,
  ]
  const described = found.map(({ path, message }): ConfigProblem => {
    return { where: whereOf(draft.nearestOrigin(path)), field: renderPath(path), problem: message }
  })
  const reported = new Set(problems.map(({ where }) => where).filter((where) => where.startsWith('GATEWAY_')))
  throw new ConfigError(withoutRepeats([...problems, ...described.filter(({ where }) => !reported.has(where))]), slips)
}

/** An issue by path; each unknown field is one of its own, with the field that it looks like. */
function plainIssues(issue: z.core.$ZodIssue): { path: Path; message: string }[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
  if (issue.code !== 'unrecognized_keys') return [{ path, message: plainMessage(issue) }]
  return issue.keys.map((key) => {
    const guess = nearest(key, siblingsOf([...path, key]))
    return {
      path: [...path, key],
      message: `${key} is not a field${guess === undefined ? '' : `; did you mean ${guess}?`}`,
    }
  })
}

/** One mistake can be in several fields, where one inherits from the other: the first one is enough. */
function withoutRepeats(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const seen = new Set<string>()
  return problems.filter(({ where, field, problem }) => {
    const text = JSON.stringify([where === '' ? field : where, problem])
    return seen.has(text) ? false : seen.add(text)
  })
}

function whereOf(origin: ReturnType<Draft['originOf']>): string {
  if (origin === undefined) return ''
  return origin.kind === 'variable' ? origin.name : `${origin.file}:${origin.line}`
}

/** `upstreams[0].url` */
export function renderPath(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '')
}
