import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { keyHash } from './lists.ts'
import { loadConfig, type Environment } from './load-config.ts'
import { problemsOf } from './testing.ts'
import { SETTINGS, VARIABLE_NAMES } from './variables.ts'

const { publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

const ONE = { GATEWAY_UPSTREAMS: 'a=http://h', GATEWAY_DEFAULT_UPSTREAM: 'a' }
const SECRET = { GATEWAY_JWT_SECRET: 'nvapi-test-jwt' }
const REDIS = { GATEWAY_REDIS_URL: 'redis://r' }
const POD = { KUBERNETES_SERVICE_HOST: '10.96.0.1' }

/** For every variable: a text, what it is read as in the configuration, and what else must be set. */
const GOOD: [name: string, text: string, expected: object, others?: Environment][] = [
  ['GATEWAY_API_KEYS', 'gw-test-a', { auth: { keys: [{ hash: keyHash('gw-test-a') }] } }],
  ['GATEWAY_API_KEY_POLICIES', '{"gw-test-a":{"allowed_models":["m"]}}', { auth: { keys: [{ models: ['m'] }] } }],
  ['GATEWAY_UPSTREAMS', 'a=http://h', { upstreams: [{ name: 'a', url: 'http://h' }] }],
  ['GATEWAY_DEFAULT_UPSTREAM', 'a', { defaultUpstream: 'a' }, { GATEWAY_UPSTREAMS: 'a=http://h' }],
  [
    'GATEWAY_ROUTE_POLICIES',
    '{"m":{"strategy":"direct","target":"a"}}',
    { models: [{ id: 'm', route: { strategy: 'direct', target: 'a' } }] },
    ONE,
  ],
  [
    'GATEWAY_FALLBACKS',
    'm=x,y;n=z',
    {
      models: [
        { id: 'm', fallback: { models: ['x', 'y'] } },
        { id: 'n', fallback: { models: ['z'] } },
      ],
    },
    ONE,
  ],
  ['GATEWAY_RATE_LIMIT_PER_MINUTE', '7', { limits: { default: { requestsPerWindow: 7 } } }],
  ['GATEWAY_RATE_LIMIT_PER_MINUTE', 'none', { limits: { default: { requestsPerWindow: null } } }],
  ['GATEWAY_RATE_LIMIT_WINDOW_SECONDS', '7', { limits: { windowSeconds: 7 } }],
  ['GATEWAY_REDIS_URL', 'redis://r:6379/0', { limits: { redis: { url: 'redis://r:6379/0', onFailure: 'local' } } }],
  [
    'GATEWAY_CIRCUIT_BREAKER_MAX_FAILURES',
    '7',
    { upstreamDefaults: { breaker: { consecutive: 7 } }, upstreams: [{ breaker: { consecutive: 7 } }] },
    ONE,
  ],
  ['GATEWAY_CIRCUIT_BREAKER_RESET_SECONDS', '1.5', { upstreamDefaults: { breaker: { openMs: 1500 } } }],
  ['GATEWAY_REQUEST_TIMEOUT_SECONDS', '10', { timeouts: { totalMs: 10_000, firstByteMs: 600_000 } }],
  ['GATEWAY_REQUEST_TIMEOUT_SECONDS', '900', { timeouts: { totalMs: 900_000, firstByteMs: 900_000 } }],
  ['GATEWAY_JWT_SECRET', 'nvapi-test-jwt', { auth: { jwt: { secret: 'nvapi-test-jwt', algorithms: ['HS256'] } } }],
  [
    'GATEWAY_JWT_PUBLIC_KEY',
    publicKey.replaceAll('\n', '\\n'),
    { auth: { jwt: { publicKey: publicKey.trim(), algorithms: ['ES256'] } } },
  ],
  [
    'GATEWAY_JWT_JWKS_URL',
    'https://id/keys',
    { auth: { jwt: { jwksUrl: 'https://id/keys', algorithms: ['RS256', 'ES256'] } } },
  ],
  ['GATEWAY_JWT_ALGORITHMS', 'HS256,HS512', { auth: { jwt: { algorithms: ['HS256', 'HS512'] } } }, SECRET],
  ['GATEWAY_JWT_ISSUER', 'me', { auth: { jwt: { issuer: 'me' } } }, SECRET],
  ['GATEWAY_JWT_AUDIENCE', 'you', { auth: { jwt: { audience: 'you' } } }, SECRET],
  ['GATEWAY_JWT_CLOCK_SKEW_SECONDS', '5', { auth: { jwt: { clockSkewSeconds: 5 } } }, SECRET],
  ['GATEWAY_JWT_PROJECTS', 'demo', { auth: { jwt: { projects: ['demo'] } } }, SECRET],
  ['GATEWAY_PII_MASKING_ENABLED', 'false', { privacy: { maskIp: false } }],
  ['GATEWAY_PII_HASH_SALT', 'salt', { privacy: { hashSalt: 'salt' } }],
  ['GATEWAY_AUDIT_LOGGING_ENABLED', 'off', { audit: { enabled: false } }],
  ['GATEWAY_SHADOW_ENABLED', 'yes', { shadow: { enabled: true } }, { ...ONE, GATEWAY_SHADOW_TARGET: 'a' }],
  ['GATEWAY_SHADOW_PERCENT', '12.5', { shadow: { percent: 12.5 } }],
  ['GATEWAY_SHADOW_TARGET', 'a', { shadow: { target: 'a' } }],
  ['GATEWAY_SHADOW_MAX_CONCURRENT', '3', { shadow: { maxConcurrent: 3 } }],
  ['GATEWAY_HOST', '::1', { server: { host: '::1' } }],
  ['GATEWAY_PORT', '0', { server: { port: 0 } }],
  ['GATEWAY_ADMIN_HOST', '127.0.0.2', { server: { adminHost: '127.0.0.2' } }],
  ['GATEWAY_ADMIN_PORT', '9091', { server: { adminPort: 9091 } }],
  ['GATEWAY_ADMIN_TOKEN', 'gw-test-admin', { server: { adminToken: 'gw-test-admin' } }],
  ['GATEWAY_PUBLIC_METRICS', '0', { server: { publicMetrics: false } }],
  ['GATEWAY_MAX_BODY_BYTES', '2048', { server: { maxBodyBytes: 2048 } }],
  ['GATEWAY_MAX_HEADER_BYTES', '8192', { server: { maxHeaderBytes: 8192 } }],
  ['GATEWAY_HEADERS_TIMEOUT_SECONDS', '3', { server: { headersTimeoutMs: 3000 } }],
  ['GATEWAY_BODY_TIMEOUT_SECONDS', '3', { server: { bodyTimeoutMs: 3000 } }],
  ['GATEWAY_KEEP_ALIVE_SECONDS', '3', { server: { keepAliveMs: 3000 } }],
  ['GATEWAY_MAX_CONNECTIONS_PER_IP', '9', { server: { maxConnectionsPerIp: 9 } }],
  ['GATEWAY_CLIENT_STALL_SECONDS', '3', { server: { clientStallMs: 3000 } }],
  ['GATEWAY_HEARTBEAT_SECONDS', '0', { server: { heartbeatMs: 0 } }],
  ['GATEWAY_PRE_STOP_SECONDS', '3', { server: { drain: { preStopMs: 3000 } } }],
  ['GATEWAY_DRAIN_SECONDS', '3', { server: { drain: { maxMs: 3000 } } }],
  ['GATEWAY_KEYS_SECRET', 'keys', { auth: { secret: { name: 'keys' } } }, POD],
  ['GATEWAY_KEYS_SECRET', 'nexus/keys', { auth: { secret: { name: 'keys', namespace: 'nexus' } } }, POD],
  ['GATEWAY_DISCOVERY', 'kubernetes', { discovery: { kind: 'kubernetes', apiUrl: 'https://10.96.0.1:443' } }, POD],
  ['GATEWAY_KUBERNETES_API_URL', 'http://127.0.0.1:1', { kubernetes: { apiUrl: 'http://127.0.0.1:1' } }, POD],
  ['GATEWAY_KUBERNETES_NAMESPACE', 'nexus', { kubernetes: { namespace: 'nexus' } }],
  ['GATEWAY_UPSTREAM_CONNECT_TIMEOUT_SECONDS', '3', { timeouts: { connectMs: 3000 } }],
  ['GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS', '3', { timeouts: { firstByteMs: 3000 } }],
  [
    'GATEWAY_UPSTREAM_IDLE_TIMEOUT_SECONDS',
    '3',
    { timeouts: { idleMs: 3000 }, upstreams: [{ timeouts: { idleMs: 3000 } }] },
    ONE,
  ],
  ['GATEWAY_UPSTREAM_TOTAL_TIMEOUT_SECONDS', '3', { timeouts: { totalMs: 3000 } }],
  ['GATEWAY_UPSTREAM_MAX_CONNECTIONS', '3', { upstreamDefaults: { pool: { maxConnections: 3 } } }],
  ['GATEWAY_UPSTREAM_KEEP_ALIVE_SECONDS', '3', { upstreamDefaults: { pool: { idleMs: 3000 } } }],
  ['GATEWAY_UPSTREAM_STREAM_USAGE', 'false', { upstreamDefaults: { streamUsage: false } }],
  ['GATEWAY_HEALTH_CHECK_ENABLED', 'false', { upstreamDefaults: { health: { enabled: false } } }],
  ['GATEWAY_HEALTH_CHECK_PATH', '/live', { upstreamDefaults: { health: { path: '/live' } } }],
  ['GATEWAY_HEALTH_CHECK_FALLBACK_PATH', '/', { upstreamDefaults: { health: { fallbackPath: '/' } } }],
  ['GATEWAY_HEALTH_CHECK_INTERVAL_SECONDS', '3', { upstreamDefaults: { health: { intervalMs: 3000 } } }],
  ['GATEWAY_HEALTH_CHECK_TIMEOUT_SECONDS', '3', { upstreamDefaults: { health: { timeoutMs: 3000 } } }],
  ['GATEWAY_HEALTH_CHECK_FAILURES', '4', { upstreamDefaults: { health: { unhealthy: 4 } } }],
  ['GATEWAY_HEALTH_CHECK_SUCCESSES', '4', { upstreamDefaults: { health: { healthy: 4 } } }],
  ['GATEWAY_BALANCE_POLICY', 'leastLoaded', { upstreamDefaults: { balance: { policy: 'leastLoaded' } } }],
  ['GATEWAY_AFFINITY_HEADERS', 'x-a;x-b', { upstreamDefaults: { balance: { affinityHeaders: ['x-a', 'x-b'] } } }],
  ['GATEWAY_LOAD_SCRAPE_INTERVAL_SECONDS', '3', { upstreamDefaults: { balance: { scrape: { intervalMs: 3000 } } } }],
  ['GATEWAY_LOAD_SCRAPE_STALE_SECONDS', '9', { upstreamDefaults: { balance: { scrape: { staleMs: 9000 } } } }],
  ['GATEWAY_QUEUE_MAX_IN_FLIGHT', '3', { upstreamDefaults: { queue: { maxInFlight: 3 } } }],
  ['GATEWAY_QUEUE_MAX_WAITING', '3', { upstreamDefaults: { queue: { maxWaiting: 3 } } }],
  ['GATEWAY_QUEUE_TIMEOUT_SECONDS', '3', { upstreamDefaults: { queue: { timeoutMs: 3000 } } }],
  ['GATEWAY_TOKENS_PER_MINUTE', '9000', { limits: { default: { tokensPerMinute: 9000 } } }],
  ['GATEWAY_CONCURRENCY', '4', { limits: { default: { concurrency: 4 } } }],
  ['GATEWAY_REDIS_TIMEOUT_MS', '20', { limits: { redis: { timeoutMs: 20 } } }, REDIS],
  ['GATEWAY_REDIS_ON_FAILURE', 'closed', { limits: { redis: { onFailure: 'closed' } } }, REDIS],
  ['GATEWAY_REDIS_REPLICAS', '5', { limits: { redis: { replicas: 5 } } }, REDIS],
  ['GATEWAY_RETRY_MAX_ATTEMPTS', '1', { retries: { maxAttempts: 1 } }],
  ['GATEWAY_RETRY_BUDGET_PERCENT', '0', { retries: { budgetPercent: 0 } }],
  ['GATEWAY_USAGE_ENABLED', 'false', { usage: { enabled: false } }],
  ['GATEWAY_USAGE_FILE', '/tmp/usage.jsonl', { usage: { file: '/tmp/usage.jsonl' } }],
  ['GATEWAY_ACCESS_LOG', 'false', { accessLog: false }],
  ['GATEWAY_LOG_LEVEL', 'debug', { logLevel: 'debug' }],
]

test.each(GOOD)('%s is read', (name, text, expected, others = {}) => {
  const { config } = loadConfig({ ...others, [name]: text })
  expect(config).toMatchObject(expected)
})

/** For every variable that can be wrong: a text, and a part of what is said of it. */
const BAD: [name: string, text: string, hint: string, others?: Environment][] = [
  ['GATEWAY_API_KEYS', '["a"', 'JSON array'],
  ['GATEWAY_API_KEYS', 'dev-key', 'GATEWAY_DEV=true'],
  ['GATEWAY_API_KEY_POLICIES', '{', 'JSON object'],
  ['GATEWAY_API_KEY_POLICIES', '{"k":3}', 'policy of key 1'],
  ['GATEWAY_API_KEY_POLICIES', '{"k":{"projects":["Not A Namespace"]}}', 'namespace'],
  [
    'GATEWAY_API_KEY_POLICIES',
    '{"k":{"allowed_model":["m"]}}',
    'perhaps allowed_models; the fields are allowed_models',
  ],
  [
    'GATEWAY_API_KEY_POLICIES',
    '{"k":{"rate_limit_per_minute":"x"}}',
    'rate_limit_per_minute must be a number, not a text',
  ],
  ['GATEWAY_UPSTREAMS', 'http://no-name', 'name=url'],
  ['GATEWAY_UPSTREAMS', 'a b=http://h', 'letters, digits'],
  ['GATEWAY_UPSTREAMS', 'a=nowhere', 'is not a URL'],
  ['GATEWAY_UPSTREAMS', 'a=ftp://host', 'not supported'],
  ['GATEWAY_UPSTREAMS', 'a=litellm://gpt', 'LiteLLM'],
  ['GATEWAY_UPSTREAMS', 'a=grpc://host:1', 'http://'],
  ['GATEWAY_UPSTREAMS', 'a=mock://other', 'mock://local'],
  ['GATEWAY_UPSTREAMS', 'a=http://h,a=http://g', 'used twice'],
  ['GATEWAY_UPSTREAMS', 'a=http://h?key=1', 'query'],
  ['GATEWAY_DEFAULT_UPSTREAM', 'ghost', 'no upstream is named ghost'],
  ['GATEWAY_ROUTE_POLICIES', '[]', 'JSON object'],
  ['GATEWAY_ROUTE_POLICIES', '{"m":{"strategy":"direct","target":"ghost"}}', 'no upstream is named ghost', ONE],
  ['GATEWAY_DEFAULT_UPSTREAM', 'demo/llama', 'a deployment is none: name an upstream for its Service'],
  ['GATEWAY_ROUTE_POLICIES', '{"m":{"strategy":"shuffle"}}', 'direct, weighted or canary', ONE],
  ['GATEWAY_ROUTE_POLICIES', '{"m":{"targets":[{"name":"a","weight":0}]}}', 'must not all be 0', ONE],
  ['GATEWAY_ROUTE_POLICIES', '{"m":{"strategy":"canary","primary":"a","canary":"a","percents":1}}', 'percents', ONE],
  ['GATEWAY_FALLBACKS', 'm', 'model=fallback', ONE],
  ['GATEWAY_FALLBACKS', 'm=a;m=b', 'named twice', ONE],
  ['GATEWAY_FALLBACKS', 'm=n;n=m', 'never ends', ONE],
  ['GATEWAY_FALLBACKS', 'a=ghost', 'nothing serves ghost', { GATEWAY_UPSTREAMS: 'a=http://h' }],
  ['GATEWAY_RATE_LIMIT_PER_MINUTE', 'many', 'or none'],
  ['GATEWAY_RATE_LIMIT_WINDOW_SECONDS', '0', 'at least 1'],
  ['GATEWAY_REDIS_URL', 'http://r', 'redis://'],
  ['GATEWAY_CIRCUIT_BREAKER_MAX_FAILURES', '-1', 'at least 1'],
  ['GATEWAY_CIRCUIT_BREAKER_RESET_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_REQUEST_TIMEOUT_SECONDS', '10s', 'number of seconds'],
  ['GATEWAY_JWT_PUBLIC_KEY', 'nonsense', 'PEM'],
  ['GATEWAY_JWT_JWKS_URL', 'ftp://id/keys', 'http'],
  ['GATEWAY_JWT_ALGORITHMS', 'none', 'HS256', SECRET],
  ['GATEWAY_JWT_ALGORITHMS', 'RS256', 'cannot be used with a secret', SECRET],
  ['GATEWAY_JWT_CLOCK_SKEW_SECONDS', '301', '300', SECRET],
  ['GATEWAY_JWT_PROJECTS', 'Not Good', 'namespace', SECRET],
  ['GATEWAY_PII_MASKING_ENABLED', 'maybe', 'true or false'],
  ['GATEWAY_AUDIT_LOGGING_ENABLED', 'maybe', 'true or false'],
  ['GATEWAY_SHADOW_ENABLED', 'true', 'needs a target'],
  ['GATEWAY_SHADOW_PERCENT', 'half', '0 to 100'],
  ['GATEWAY_SHADOW_TARGET', 'ghost', 'no upstream is named ghost', { ...ONE, GATEWAY_SHADOW_ENABLED: 'true' }],
  ['GATEWAY_SHADOW_MAX_CONCURRENT', '0', 'at least 1'],
  ['GATEWAY_PORT', '80a', 'whole number'],
  ['GATEWAY_PORT', '70000', '65535'],
  ['GATEWAY_PORT', 'tcp://10.96.3.4:8000', 'enableServiceLinks'],
  ['GATEWAY_ADMIN_PORT', '-1', 'at least 0'],
  ['GATEWAY_PUBLIC_METRICS', '2', 'true or false'],
  ['GATEWAY_MAX_BODY_BYTES', '1', 'at least 1024'],
  ['GATEWAY_MAX_HEADER_BYTES', '1', 'at least 4096'],
  ['GATEWAY_HEADERS_TIMEOUT_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_BODY_TIMEOUT_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_KEEP_ALIVE_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_MAX_CONNECTIONS_PER_IP', '-1', 'at least 0'],
  ['GATEWAY_CLIENT_STALL_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_HEARTBEAT_SECONDS', '-1', 'number of seconds'],
  ['GATEWAY_PRE_STOP_SECONDS', 'x', 'number of seconds'],
  ['GATEWAY_DRAIN_SECONDS', '999999999', 'at most 2147483 seconds'],
  ['GATEWAY_KEYS_SECRET', 'a/b/c', 'namespace/name'],
  ['GATEWAY_KEYS_SECRET', 'keys', 'KUBERNETES_SERVICE_HOST'],
  ['GATEWAY_DISCOVERY', 'consul', 'off or kubernetes'],
  ['GATEWAY_DISCOVERY', 'kubernetes', 'KUBERNETES_SERVICE_HOST'],
  ['GATEWAY_KUBERNETES_API_URL', 'api:443', 'https://host:port'],
  ['GATEWAY_UPSTREAM_CONNECT_TIMEOUT_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS', '999999999', 'at most 2147483 seconds'],
  ['GATEWAY_UPSTREAM_IDLE_TIMEOUT_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_UPSTREAM_TOTAL_TIMEOUT_SECONDS', '1,5', 'number of seconds'],
  ['GATEWAY_DRAIN_SECONDS', '1.2345', 'three decimals'],
  ['GATEWAY_UPSTREAM_MAX_CONNECTIONS', '0', 'at least 1'],
  ['GATEWAY_UPSTREAM_KEEP_ALIVE_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_UPSTREAM_STREAM_USAGE', 'x', 'true or false'],
  ['GATEWAY_HEALTH_CHECK_ENABLED', 'x', 'true or false'],
  ['GATEWAY_HEALTH_CHECK_PATH', 'health', '"/"'],
  ['GATEWAY_HEALTH_CHECK_FALLBACK_PATH', 'health', '"/"'],
  ['GATEWAY_HEALTH_CHECK_INTERVAL_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_HEALTH_CHECK_TIMEOUT_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_HEALTH_CHECK_FAILURES', '0', 'at least 1'],
  ['GATEWAY_HEALTH_CHECK_SUCCESSES', '0', 'at least 1'],
  ['GATEWAY_BALANCE_POLICY', 'random', 'p2c'],
  ['GATEWAY_AFFINITY_HEADERS', '["x', 'JSON array'],
  ['GATEWAY_LOAD_SCRAPE_INTERVAL_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_LOAD_SCRAPE_STALE_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_QUEUE_MAX_IN_FLIGHT', '-1', 'at least 0'],
  ['GATEWAY_QUEUE_MAX_WAITING', '-1', 'at least 0'],
  ['GATEWAY_QUEUE_TIMEOUT_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_TOKENS_PER_MINUTE', '-1', 'or none'],
  ['GATEWAY_CONCURRENCY', '-1', 'or none'],
  ['GATEWAY_REDIS_TIMEOUT_MS', '0', 'at least 1', REDIS],
  ['GATEWAY_REDIS_ON_FAILURE', 'panic', 'local', REDIS],
  ['GATEWAY_REDIS_REPLICAS', '0', 'at least 1', REDIS],
  ['GATEWAY_RETRY_MAX_ATTEMPTS', '6', 'at most 5'],
  ['GATEWAY_RETRY_BUDGET_PERCENT', '101', 'at most 100'],
  ['GATEWAY_USAGE_ENABLED', 'x', 'true or false'],
  ['GATEWAY_ACCESS_LOG', 'x', 'true or false'],
  ['GATEWAY_LOG_LEVEL', 'loud', 'info'],
  ['GATEWAY_DEV', 'maybe', 'true or false'],
  ['GATEWAY_CONFIG_STRICT', 'maybe', 'true or false'],
]

test.each(BAD)('refuses %s=%s', (name, text, hint, others = {}) => {
  const problems = problemsOf({ ...others, [name]: text })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(new RegExp(`^${name}: `))
  expect(problems[0]).toContain(hint)
})

/** Any text is good for these. */
const FREE = [
  'GATEWAY_HOST GATEWAY_ADMIN_HOST GATEWAY_ADMIN_TOKEN GATEWAY_USAGE_FILE GATEWAY_KUBERNETES_NAMESPACE',
  'GATEWAY_JWT_SECRET GATEWAY_JWT_ISSUER GATEWAY_JWT_AUDIENCE GATEWAY_PII_HASH_SALT',
].flatMap((names) => names.split(' '))

describe('the tables of this test', () => {
  test('name every variable', () => {
    const settings = new Set<string>(Object.values(SETTINGS))
    const fields = [...VARIABLE_NAMES].filter((name) => !settings.has(name))
    expect(new Set(GOOD.map(([name]) => name))).toEqual(new Set(fields))
    expect(new Set([...BAD.map(([name]) => name), ...FREE, SETTINGS.file])).toEqual(VARIABLE_NAMES)
  })
})
