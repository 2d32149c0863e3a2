import { readFallbacks, readKeyPolicies, readKeys, readRoutePolicies, readUpstreams } from './lists.ts'
import {
  readBoolean,
  readCallerLimit,
  readCount,
  readInteger,
  readList,
  readPem,
  readPercent,
  readSeconds,
  readText,
  refuse,
  type Reader,
} from './values.ts'

/** One environment variable of the gateway. */
export interface Variable {
  readonly name: string
  /** The field it sets, as in the reference. */
  readonly field: string
  readonly read: Reader
  /** It counts only where one of these fields is set as well. */
  readonly needs?: readonly string[]
}

const JWT = ['auth.jwt.secret', 'auth.jwt.publicKey', 'auth.jwt.jwksUrl']
const REDIS = ['limits.redis.url']

/**
 * Every variable and the field it sets. A later line wins over an earlier one, and each over the file. The names of the
 * first group have been the gateway's from its beginning and keep their meaning.
 */
export const VARIABLES: readonly Variable[] = [
  variable('GATEWAY_API_KEYS', 'auth.keys', readKeys),
  variable('GATEWAY_API_KEY_POLICIES', 'auth.keys', readKeyPolicies),
  variable('GATEWAY_UPSTREAMS', 'upstreams', readUpstreams),
  variable('GATEWAY_DEFAULT_UPSTREAM', 'defaultUpstream', readText),
  variable('GATEWAY_ROUTE_POLICIES', 'models', readRoutePolicies),
  variable('GATEWAY_FALLBACKS', 'models', readFallbacks),
  variable('GATEWAY_RATE_LIMIT_PER_MINUTE', 'limits.default.requestsPerWindow', readCallerLimit),
  variable('GATEWAY_RATE_LIMIT_WINDOW_SECONDS', 'limits.windowSeconds', readInteger),
  variable('GATEWAY_REDIS_URL', 'limits.redis.url', readText),
  variable('GATEWAY_CIRCUIT_BREAKER_MAX_FAILURES', 'upstreamDefaults.breaker.consecutive', readCount),
  variable('GATEWAY_CIRCUIT_BREAKER_RESET_SECONDS', 'upstreamDefaults.breaker.openMs', readSeconds),
  variable('GATEWAY_REQUEST_TIMEOUT_SECONDS', 'timeouts.totalMs', readSeconds),
  variable('GATEWAY_REQUEST_TIMEOUT_SECONDS', 'timeouts.firstByteMs', readLongerFirstByte),
  variable('GATEWAY_JWT_SECRET', 'auth.jwt.secret', readText),
  variable('GATEWAY_JWT_PUBLIC_KEY', 'auth.jwt.publicKey', readPem),
  variable('GATEWAY_JWT_JWKS_URL', 'auth.jwt.jwksUrl', readText),
  variable('GATEWAY_JWT_ALGORITHMS', 'auth.jwt.algorithms', readList, JWT),
  variable('GATEWAY_JWT_ISSUER', 'auth.jwt.issuer', readText, JWT),
  variable('GATEWAY_JWT_AUDIENCE', 'auth.jwt.audience', readText, JWT),
  variable('GATEWAY_PII_MASKING_ENABLED', 'privacy.maskIp', readBoolean),
  variable('GATEWAY_PII_HASH_SALT', 'privacy.hashSalt', readText),
  variable('GATEWAY_AUDIT_LOGGING_ENABLED', 'audit.enabled', readBoolean),
  variable('GATEWAY_SHADOW_ENABLED', 'shadow.enabled', readBoolean),
  variable('GATEWAY_SHADOW_PERCENT', 'shadow.percent', readPercent),
  variable('GATEWAY_SHADOW_TARGET', 'shadow.target', readText),

  variable('GATEWAY_HOST', 'server.host', readText),
  variable('GATEWAY_PORT', 'server.port', readInteger),
  variable('GATEWAY_ADMIN_HOST', 'server.adminHost', readText),
  variable('GATEWAY_ADMIN_PORT', 'server.adminPort', readInteger),
  variable('GATEWAY_ADMIN_TOKEN', 'server.adminToken', readText),
  variable('GATEWAY_PUBLIC_METRICS', 'server.publicMetrics', readBoolean),
  variable('GATEWAY_MAX_BODY_BYTES', 'server.maxBodyBytes', readInteger),
  variable('GATEWAY_MAX_HEADER_BYTES', 'server.maxHeaderBytes', readInteger),
  variable('GATEWAY_HEADERS_TIMEOUT_SECONDS', 'server.headersTimeoutMs', readSeconds),
  variable('GATEWAY_BODY_TIMEOUT_SECONDS', 'server.bodyTimeoutMs', readSeconds),
  variable('GATEWAY_KEEP_ALIVE_SECONDS', 'server.keepAliveMs', readSeconds),
  variable('GATEWAY_MAX_CONNECTIONS_PER_IP', 'server.maxConnectionsPerIp', readInteger),
  variable('GATEWAY_CLIENT_STALL_SECONDS', 'server.clientStallMs', readSeconds),
  variable('GATEWAY_HEARTBEAT_SECONDS', 'server.heartbeatMs', readSeconds),
  variable('GATEWAY_PRE_STOP_SECONDS', 'server.drain.preStopMs', readSeconds),
  variable('GATEWAY_DRAIN_SECONDS', 'server.drain.maxMs', readSeconds),

  variable('GATEWAY_KEYS_SECRET', 'auth.secret', readObjectName),
  variable('GATEWAY_JWT_CLOCK_SKEW_SECONDS', 'auth.jwt.clockSkewSeconds', readInteger, JWT),
  variable('GATEWAY_JWT_PROJECTS', 'auth.jwt.projects', readList, JWT),

  variable('GATEWAY_DISCOVERY', 'discovery.kind', readText),
  variable('GATEWAY_KUBERNETES_API_URL', 'kubernetes.apiUrl', readText),
  variable('GATEWAY_KUBERNETES_NAMESPACE', 'kubernetes.namespace', readText),

  variable('GATEWAY_UPSTREAM_CONNECT_TIMEOUT_SECONDS', 'timeouts.connectMs', readSeconds),
  variable('GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS', 'timeouts.firstByteMs', readSeconds),
  variable('GATEWAY_UPSTREAM_IDLE_TIMEOUT_SECONDS', 'timeouts.idleMs', readSeconds),
  variable('GATEWAY_UPSTREAM_TOTAL_TIMEOUT_SECONDS', 'timeouts.totalMs', readSeconds),
  variable('GATEWAY_UPSTREAM_MAX_CONNECTIONS', 'upstreamDefaults.pool.maxConnections', readInteger),
  variable('GATEWAY_UPSTREAM_KEEP_ALIVE_SECONDS', 'upstreamDefaults.pool.idleMs', readSeconds),
  variable('GATEWAY_UPSTREAM_STREAM_USAGE', 'upstreamDefaults.streamUsage', readBoolean),
  variable('GATEWAY_HEALTH_CHECK_ENABLED', 'upstreamDefaults.health.enabled', readBoolean),
  variable('GATEWAY_HEALTH_CHECK_PATH', 'upstreamDefaults.health.path', readText),
  variable('GATEWAY_HEALTH_CHECK_FALLBACK_PATH', 'upstreamDefaults.health.fallbackPath', readText),
  variable('GATEWAY_HEALTH_CHECK_INTERVAL_SECONDS', 'upstreamDefaults.health.intervalMs', readSeconds),
  variable('GATEWAY_HEALTH_CHECK_TIMEOUT_SECONDS', 'upstreamDefaults.health.timeoutMs', readSeconds),
  variable('GATEWAY_HEALTH_CHECK_FAILURES', 'upstreamDefaults.health.unhealthy', readInteger),
  variable('GATEWAY_HEALTH_CHECK_SUCCESSES', 'upstreamDefaults.health.healthy', readInteger),
  variable('GATEWAY_BALANCE_POLICY', 'upstreamDefaults.balance.policy', readText),
  variable('GATEWAY_AFFINITY_HEADERS', 'upstreamDefaults.balance.affinityHeaders', readList),
  variable('GATEWAY_LOAD_SCRAPE_INTERVAL_SECONDS', 'upstreamDefaults.balance.scrape.intervalMs', readSeconds),
  variable('GATEWAY_LOAD_SCRAPE_STALE_SECONDS', 'upstreamDefaults.balance.scrape.staleMs', readSeconds),
  variable('GATEWAY_QUEUE_MAX_IN_FLIGHT', 'upstreamDefaults.queue.maxInFlight', readInteger),
  variable('GATEWAY_QUEUE_MAX_WAITING', 'upstreamDefaults.queue.maxWaiting', readInteger),
  variable('GATEWAY_QUEUE_TIMEOUT_SECONDS', 'upstreamDefaults.queue.timeoutMs', readSeconds),

  variable('GATEWAY_TOKENS_PER_MINUTE', 'limits.default.tokensPerMinute', readCallerLimit),
  variable('GATEWAY_CONCURRENCY', 'limits.default.concurrency', readCallerLimit),
  variable('GATEWAY_REDIS_TIMEOUT_MS', 'limits.redis.timeoutMs', readInteger, REDIS),
  variable('GATEWAY_REDIS_ON_FAILURE', 'limits.redis.onFailure', readText, REDIS),
  variable('GATEWAY_REDIS_REPLICAS', 'limits.redis.replicas', readInteger, REDIS),
  variable('GATEWAY_RETRY_MAX_ATTEMPTS', 'retries.maxAttempts', readInteger),
  variable('GATEWAY_RETRY_BUDGET_PERCENT', 'retries.budgetPercent', readInteger),
  variable('GATEWAY_SHADOW_MAX_CONCURRENT', 'shadow.maxConcurrent', readInteger),
  variable('GATEWAY_USAGE_ENABLED', 'usage.enabled', readBoolean),
  variable('GATEWAY_USAGE_FILE', 'usage.file', readText),
  variable('GATEWAY_ACCESS_LOG', 'accessLog', readBoolean),
  variable('GATEWAY_LOG_LEVEL', 'logLevel', readText),
]

/** Variables that say how the others are read, and set no field. */
export const SETTINGS = {
  /** Its path; the file is watched while the gateway runs. */
  file: 'GATEWAY_CONFIG_FILE',
  /** Unknown names are errors. */
  strict: 'GATEWAY_CONFIG_STRICT',
  /** Accepts `dev-key`. */
  dev: 'GATEWAY_DEV',
} as const

/** Every name that the gateway knows. */
export const VARIABLE_NAMES: ReadonlySet<string> = new Set([
  ...Object.values(SETTINGS),
  ...VARIABLES.map(({ name }) => name),
])

function variable(name: string, field: string, read: Reader, needs?: readonly string[]): Variable {
  return { name, field, read, ...(needs !== undefined && { needs }) }
}

/** The default of `timeouts.firstByteMs`. */
const FIRST_BYTE_MS = 600_000

/**
 * The one timeout of old also covered the first byte of a stream, and its default of 10 s was too short for a long
 * prefill: it reaches that far only where it is longer than what holds anyway.
 */
function readLongerFirstByte(text: string) {
  const { value } = readSeconds(text)
  return { value: typeof value === 'number' && value > FIRST_BYTE_MS ? value : undefined }
}

/** `name` or `namespace/name`. */
function readObjectName(text: string) {
  const [, namespace, name] = /^(?:([^/\s]+)\/)?([^/\s]+)$/.exec(text) ?? []
  if (name === undefined) return refuse('must be name or namespace/name')
  return { value: { name, ...(namespace !== undefined && { namespace }) } }
}
