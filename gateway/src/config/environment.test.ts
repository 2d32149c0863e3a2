import { expect, test } from 'vitest'
import { loadConfig, type Environment } from './environment.ts'
import { ConfigError } from './errors.ts'

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ variable, problem }) => `${variable}: ${problem}`)
    throw error
  }
  return []
}

test('starts with defaults from an empty environment and warns that no key is set', () => {
  const { config, warnings } = loadConfig({})
  expect(config).toMatchObject({
    server: { host: '127.0.0.1', port: 8000, maxBodyBytes: 20 * 1024 * 1024, drainMs: 30_000 },
    auth: { keys: [] },
    upstreams: [],
    discovery: { kind: 'off' },
  })
  expect(warnings).toEqual([expect.stringContaining('every call is answered 401')])
})

test('counts an empty variable as unset', () => {
  const names = [
    'GATEWAY_PORT',
    'GATEWAY_UPSTREAMS',
    'GATEWAY_API_KEY_POLICIES',
    'GATEWAY_FALLBACKS',
    'GATEWAY_JWT_SECRET',
  ]
  const { config, warnings } = loadConfig({
    ...Object.fromEntries(names.map((name) => [name, ''])),
    GATEWAY_API_KEYS: 'k',
  })
  expect(config.server.port).toBe(8000)
  expect(warnings).toEqual([])
})

test.each([
  ['commas', 'a,b', ['a', 'b']],
  ['semicolons and spaces', ' a ; b ;', ['a', 'b']],
  ['a JSON array', '["a,1","b"]', ['a,1', 'b']],
])('reads keys from %s', (_name, text, keys) => {
  expect(loadConfig({ GATEWAY_API_KEYS: text }).config.auth.keys.map(({ key }) => key)).toEqual(keys)
})

test('gives a key the projects of its policy, and accepts a key that only has a policy', () => {
  const { config } = loadConfig({
    GATEWAY_API_KEYS: 'plain,both',
    GATEWAY_API_KEY_POLICIES: '{"both":{"projects":["demo"]},"only-policy":{"projects":["*"]}}',
  })
  expect(config.auth.keys).toEqual([
    { key: 'plain', projects: [] },
    { key: 'both', projects: ['demo'] },
    { key: 'only-policy', projects: ['*'] },
  ])
})

test('accepts dev-key in development only while no other key is set', () => {
  expect(loadConfig({ GATEWAY_DEV: 'true' }).config.auth.keys).toEqual([{ key: 'dev-key', projects: ['*'] }])
  expect(loadConfig({ GATEWAY_DEV: 'true', GATEWAY_API_KEYS: 'k' }).config.auth.keys).toEqual([
    { key: 'k', projects: [] },
  ])
})

test('reads upstreams on both separators and keeps a path', () => {
  const { config } = loadConfig({
    GATEWAY_UPSTREAMS: 'worker=http://model-worker:8001; local = mock://local,tls=https://host/base/',
    GATEWAY_DEFAULT_UPSTREAM: 'worker',
  })
  expect(config.upstreams).toEqual([
    { name: 'worker', url: 'http://model-worker:8001' },
    { name: 'local', url: 'mock://local' },
    { name: 'tls', url: 'https://host/base' },
  ])
  expect(config.defaultUpstream).toBe('worker')
})

test.each([
  ['GATEWAY_PORT', '80a', 'whole number'],
  ['GATEWAY_PORT', '70000', '65535'],
  ['GATEWAY_DEV', 'maybe', 'true or false'],
  ['GATEWAY_API_KEYS', '["a"', 'JSON array'],
  ['GATEWAY_API_KEY_POLICIES', '{', 'JSON object'],
  ['GATEWAY_API_KEY_POLICIES', '{"k":{"projects":["Not A Namespace"]}}', 'namespace'],
  ['GATEWAY_API_KEY_POLICIES', '{"k":{"allowed_models":["m"]}}', 'cannot be enforced'],
  ['GATEWAY_UPSTREAMS', 'http://no-name', 'name=url'],
  ['GATEWAY_UPSTREAMS', 'a=ftp://host', 'not supported'],
  ['GATEWAY_UPSTREAMS', 'a=litellm://gpt', 'LiteLLM'],
  ['GATEWAY_UPSTREAMS', 'a=grpc://host:1', 'http://'],
  ['GATEWAY_UPSTREAMS', 'a=mock://other', 'mock://local'],
  ['GATEWAY_UPSTREAMS', 'a=http://h,a=http://g', 'used twice'],
  ['GATEWAY_DEFAULT_UPSTREAM', 'ghost', 'no upstream is named ghost'],
  ['GATEWAY_DISCOVERY', 'consul', 'off or kubernetes'],
  ['GATEWAY_DISCOVERY', 'kubernetes', 'KUBERNETES_SERVICE_HOST'],
  ['GATEWAY_LOG_LEVEL', 'loud', '"info"'],
  ['GATEWAY_UPSTREAM_IDLE_TIMEOUT_SECONDS', '0', 'more than 0 seconds'],
  ['GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS', '999999999', 'at most 2147483 seconds'],
  ['GATEWAY_DRAIN_SECONDS', '999999999', 'at most 2147483 seconds'],
])('refuses %s=%s', (variable, text, hint) => {
  const problems = problemsOf({ [variable]: text })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toContain(`${variable}: `)
  expect(problems[0]).toContain(hint)
})

test('lists everything that is wrong at once, without the secrets', () => {
  const problems = problemsOf({
    GATEWAY_PORT: 'x',
    GATEWAY_UPSTREAMS: 'a=http://user:sesame@host;b=grpc://h',
    GATEWAY_API_KEYS: '["nvapi-test-secret',
    GATEWAY_API_KEY_POLICIES: '{"nvapi-test-secret":{"projects":"demo"}}',
    GATEWAY_LOG_LEVEL: 'loud',
  })
  expect(problems.map((line) => line.split(':')[0])).toEqual([
    'GATEWAY_PORT',
    'GATEWAY_API_KEYS',
    'GATEWAY_API_KEY_POLICIES',
    'GATEWAY_UPSTREAMS',
    'GATEWAY_UPSTREAMS',
    'GATEWAY_LOG_LEVEL',
  ])
  expect(problems.join('\n')).not.toMatch(/sesame|nvapi/)
})

test('finds the API server of the pod it runs in', () => {
  const env = { GATEWAY_DISCOVERY: 'kubernetes', KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '6443' }
  expect(loadConfig(env).config.discovery).toEqual({
    kind: 'kubernetes',
    apiUrl: 'https://10.96.0.1:6443',
    serviceAccountDir: '/var/run/secrets/kubernetes.io/serviceaccount',
  })
  expect(loadConfig({ ...env, NEXUS_SERVICE_ACCOUNT_DIR: '/tmp/sa' }).config.discovery).toMatchObject({
    serviceAccountDir: '/tmp/sa',
  })
})

test('refuses a port of the API server that is none, before anything is asked of it', () => {
  const env = {
    GATEWAY_DISCOVERY: 'kubernetes',
    KUBERNETES_SERVICE_HOST: 'api',
    KUBERNETES_SERVICE_PORT: 'tcp://api:443',
  }
  expect(problemsOf(env)).toEqual([expect.stringContaining('KUBERNETES_SERVICE_PORT')])
})

test('warns about unknown names with the nearest one and about names without effect', () => {
  const { warnings } = loadConfig({
    GATEWAY_API_KEYS: 'k',
    GATEWAY_UPSTREAM: 'a=http://h',
    GATEWAY_REDIS_URL: 'redis://r',
  })
  expect(warnings).toEqual([
    expect.stringContaining('did you mean GATEWAY_UPSTREAMS?'),
    'GATEWAY_REDIS_URL has no effect yet.',
  ])
})
