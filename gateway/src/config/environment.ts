import { ConfigError, type ConfigProblem } from './errors.ts'
import { joinKeysWithPolicies } from './keys.ts'
import { nearest } from './nearest.ts'
import { GatewayConfig } from './schema.ts'
import { parseUpstreams } from './upstreams.ts'
import { readBoolean, readInteger, readList, readSeconds, type Reading } from './values.ts'

/** Environment variables as a process sees them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A valid configuration and what a person should know about how it came about. */
export interface LoadedConfig {
  readonly config: GatewayConfig
  readonly warnings: readonly string[]
}

/** Where each variable lands in the schema; the first path segment group finds the variable that an issue is about. */
const PATHS = {
  GATEWAY_HOST: 'server.host',
  GATEWAY_PORT: 'server.port',
  GATEWAY_MAX_BODY_BYTES: 'server.maxBodyBytes',
  GATEWAY_DRAIN_SECONDS: 'server.drainMs',
  GATEWAY_CLIENT_STALL_SECONDS: 'server.clientStallMs',
  GATEWAY_UPSTREAMS: 'upstreams',
  GATEWAY_DEFAULT_UPSTREAM: 'defaultUpstream',
  GATEWAY_API_KEYS: 'auth.keys.key',
  GATEWAY_API_KEY_POLICIES: 'auth.keys.projects',
  GATEWAY_DEV: 'auth.dev',
  GATEWAY_DISCOVERY: 'discovery',
  GATEWAY_UPSTREAM_CONNECT_TIMEOUT_SECONDS: 'timeouts.connectMs',
  GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS: 'timeouts.firstByteMs',
  GATEWAY_UPSTREAM_IDLE_TIMEOUT_SECONDS: 'timeouts.idleMs',
  GATEWAY_LOG_LEVEL: 'logLevel',
} as const

type Variable = keyof typeof PATHS

/** Names with a meaning elsewhere in the product's history: accepted so that old manifests start, without effect. */
const WITHOUT_EFFECT = new Set(
  [
    'RATE_LIMIT_PER_MINUTE RATE_LIMIT_WINDOW_SECONDS REDIS_URL REQUEST_TIMEOUT_SECONDS',
    'CIRCUIT_BREAKER_MAX_FAILURES CIRCUIT_BREAKER_RESET_SECONDS ROUTE_POLICIES FALLBACKS',
    'JWT_SECRET JWT_PUBLIC_KEY JWT_ALGORITHMS JWT_ISSUER JWT_AUDIENCE',
    'PII_MASKING_ENABLED PII_HASH_SALT AUDIT_LOGGING_ENABLED SHADOW_ENABLED SHADOW_PERCENT SHADOW_TARGET',
  ].flatMap((line) => line.split(' ').map((name) => `GATEWAY_${name}`)),
)

const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * Translates `GATEWAY_*` variables into a validated {@link GatewayConfig}. A variable that is set but empty counts as
 * unset, as in a manifest that lists every name.
 *
 * @throws ConfigError with every problem at once
 */
export function loadConfig(env: Environment): LoadedConfig {
  const reader = new EnvironmentReader(env)
  const raw = {
    server: {
      host: reader.text('GATEWAY_HOST'),
      port: reader.value('GATEWAY_PORT', readInteger),
      maxBodyBytes: reader.value('GATEWAY_MAX_BODY_BYTES', readInteger),
      drainMs: reader.value('GATEWAY_DRAIN_SECONDS', readSeconds),
      clientStallMs: reader.value('GATEWAY_CLIENT_STALL_SECONDS', readSeconds),
    },
    auth: { keys: readKeys(reader) },
    upstreams: readUpstreams(reader),
    defaultUpstream: reader.text('GATEWAY_DEFAULT_UPSTREAM'),
    discovery: readDiscovery(reader, env),
    timeouts: {
      connectMs: reader.value('GATEWAY_UPSTREAM_CONNECT_TIMEOUT_SECONDS', readSeconds),
      firstByteMs: reader.value('GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS', readSeconds),
      idleMs: reader.value('GATEWAY_UPSTREAM_IDLE_TIMEOUT_SECONDS', readSeconds),
    },
    logLevel: reader.text('GATEWAY_LOG_LEVEL'),
  }
  warnAboutOtherNames(env, reader.warnings)
  return { config: validate(raw, reader.problems), warnings: reader.warnings }
}

/** Reads variables one by one and remembers what is wrong with them. */
class EnvironmentReader {
  readonly problems: ConfigProblem[] = []
  readonly warnings: string[] = []
  readonly #env: Environment

  constructor(env: Environment) {
    this.#env = env
  }

  text(variable: Variable): string | undefined {
    const text = this.#env[variable]?.trim()
    return text === '' ? undefined : text
  }

  value<T>(variable: Variable, read: (text: string) => Reading<T>): T | undefined {
    const text = this.text(variable)
    if (text === undefined) return undefined
    const reading = read(text)
    if ('value' in reading) return reading.value
    this.report(variable, [reading.problem])
    return undefined
  }

  report(variable: string, problems: readonly string[]): void {
    for (const problem of problems) this.problems.push({ variable, problem })
  }
}

function readKeys(reader: EnvironmentReader): unknown[] {
  const listed = reader.value('GATEWAY_API_KEYS', readList) ?? []
  const { keys, problems, warnings } = joinKeysWithPolicies(listed, reader.text('GATEWAY_API_KEY_POLICIES') ?? '')
  reader.report('GATEWAY_API_KEY_POLICIES', problems)
  reader.warnings.push(...warnings.map((warning) => `GATEWAY_API_KEY_POLICIES: ${warning}`))
  const development = reader.value('GATEWAY_DEV', readBoolean) ?? false
  if (keys.length > 0) return keys
  if (development) {
    reader.warnings.push('GATEWAY_DEV is on and no key is set: dev-key is accepted. Do not expose this gateway.')
    return [{ key: 'dev-key', projects: ['*'] }]
  }
  reader.warnings.push('No API key is set: every call is answered 401. Set GATEWAY_API_KEYS.')
  return []
}

function readUpstreams(reader: EnvironmentReader): unknown[] {
  const { upstreams, problems } = parseUpstreams(reader.text('GATEWAY_UPSTREAMS') ?? '')
  reader.report('GATEWAY_UPSTREAMS', problems)
  return upstreams
}

function readDiscovery(reader: EnvironmentReader, env: Environment): unknown {
  const kind = reader.text('GATEWAY_DISCOVERY') ?? 'off'
  if (kind === 'off') return { kind }
  if (kind !== 'kubernetes') {
    reader.report('GATEWAY_DISCOVERY', ['must be off or kubernetes'])
    return undefined
  }
  const host = env['KUBERNETES_SERVICE_HOST'] ?? ''
  if (host === '')
    reader.report('GATEWAY_DISCOVERY', ['kubernetes needs KUBERNETES_SERVICE_HOST: run in a pod, or set it'])
  const port = env['KUBERNETES_SERVICE_PORT'] || '443'
  const apiUrl = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  if (host !== '' && !URL.canParse(apiUrl))
    reader.report('GATEWAY_DISCOVERY', [
      'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be a host and a port',
    ])
  const serviceAccountDir = env['NEXUS_SERVICE_ACCOUNT_DIR'] || SERVICE_ACCOUNT_DIR
  return { kind, apiUrl, serviceAccountDir }
}

function warnAboutOtherNames(env: Environment, warnings: string[]): void {
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('GATEWAY_') || name in PATHS) continue
    if (!WITHOUT_EFFECT.has(name)) {
      const guess = nearest(name, [...Object.keys(PATHS), ...WITHOUT_EFFECT])
      warnings.push(`${name} is not a variable of the gateway${guess === undefined ? '.' : `; did you mean ${guess}?`}`)
    } else if ((value ?? '').trim() !== '') warnings.push(`${name} has no effect yet.`)
  }
}

function validate(raw: unknown, problems: readonly ConfigProblem[]): GatewayConfig {
  const parsed = GatewayConfig.safeParse(raw)
  if (parsed.success && problems.length === 0) return parsed.data
  const issues = parsed.error?.issues ?? []
  const found = issues.map(({ path, message }) => ({ variable: variableAt(path), problem: message }))
  throw new ConfigError([
    ...problems,
    ...found.filter(({ variable }) => !problems.some((p) => p.variable === variable)),
  ])
}

/** The variable whose path an issue lies under; list positions do not count. */
function variableAt(path: readonly PropertyKey[]): string {
  const dotted = path.filter((part) => typeof part === 'string').join('.')
  const entry = Object.entries(PATHS).find(([, prefix]) => dotted === prefix || dotted.startsWith(`${prefix}.`))
  return entry?.[0] ?? dotted
}
