import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { keyHash } from './lists.ts'
import { loadConfig, type Environment } from './load-config.ts'
import { problemsOf, temporaryFolder, writeConfig } from './testing.ts'

const KEY = { GATEWAY_API_KEYS: 'gw-test-a' }

/** What a gateway knows of keys. */
function keysOf(env: Environment) {
  return loadConfig(env).config.auth.keys.map(({ hash, projects, shared }) => ({ hash, projects, shared }))
}

test('starts with defaults from an empty environment and warns that no key is set', () => {
  const { config, warnings } = loadConfig({})
  expect(config).toMatchObject({
    server: { host: '127.0.0.1', port: 8000, maxBodyBytes: 20 * 1024 * 1024, drain: { maxMs: 30_000 } },
    auth: { keys: [] },
    upstreams: [],
    discovery: { kind: 'off' },
    upstreamDefaults: { breaker: { consecutive: 5 }, timeouts: { connectMs: 2000 } },
  })
  expect(warnings).toEqual([expect.stringContaining('every call is answered 401')])
})

test('counts an empty variable as unset', () => {
  const names = ['PORT', 'UPSTREAMS', 'API_KEY_POLICIES', 'FALLBACKS', 'JWT_SECRET', 'CONFIG_FILE', 'DEV']
  const { config, warnings } = loadConfig({
    ...Object.fromEntries(names.map((name) => [`GATEWAY_${name}`, ' '])),
    ...KEY,
  })
  expect(config.server.port).toBe(8000)
  expect(warnings).toEqual([])
})

test('reads names in any case; upper case wins', () => {
  expect(loadConfig({ gateway_port: '1', ...KEY }).config.server.port).toBe(1)
  expect(loadConfig({ gateway_port: '1', GATEWAY_PORT: '2', ...KEY }).config.server.port).toBe(2)
})

describe('keys', () => {
  test.each([
    ['commas', 'a,b', ['a', 'b']],
    ['semicolons and spaces', ' a ; b ;', ['a', 'b']],
    ['a JSON array', '["a,1","b"]', ['a,1', 'b']],
    ['a list that repeats one', 'a,a', ['a']],
  ])('are read from %s, and only their digests are kept', (_name, text, keys) => {
    expect(keysOf({ GATEWAY_API_KEYS: text }).map(({ hash }) => hash)).toEqual(keys.map(keyHash))
  })

  test('have what their policies say, and a key that only has a policy is one too', () => {
    const { auth } = loadConfig({
      GATEWAY_API_KEYS: 'plain,both',
      GATEWAY_API_KEY_POLICIES: JSON.stringify({
        both: {
          projects: ['demo'],
          allowed_models: ['m'],
          rate_limit_per_minute: 7,
          tokens_per_minute: null,
          team: 't',
        },
        only: { projects: ['*'], rate_limit_per_minute: 0 },
      }),
    }).config
    expect(auth.keys).toMatchObject([
      { hash: keyHash('plain'), projects: [], limits: {} },
      {
        hash: keyHash('both'),
        projects: ['demo'],
        models: ['m'],
        limits: { requestsPerWindow: 7, tokensPerMinute: null },
        team: 't',
      },
      { hash: keyHash('only'), projects: ['*'], limits: { requestsPerWindow: 0 } },
    ])
  })

  test('in a file are hashed as well, and a policy of the environment amends them', () => {
    const file = writeConfig('auth: {keys: [{id: app, key: gw-test-a, team: t}]}')
    const env = { GATEWAY_CONFIG_FILE: file, GATEWAY_API_KEY_POLICIES: '{"gw-test-a":{"projects":["demo"]}}' }
    const { config, warnings } = loadConfig(env)
    expect(config.auth.keys).toMatchObject([{ id: 'app', hash: keyHash('gw-test-a'), team: 't', projects: ['demo'] }])
    expect(JSON.stringify([config, warnings])).not.toContain('gw-test-a')
    expect(warnings).toEqual([`GATEWAY_API_KEY_POLICIES wins over app of ${file}:1.`])
  })
})

describe('dev-key', () => {
  test('is a key in development only, for every project and shared by all', () => {
    const dev = { hash: keyHash('dev-key'), projects: ['*'], shared: true }
    expect(keysOf({ GATEWAY_DEV: 'true' })).toEqual([dev])
    expect(keysOf({ GATEWAY_DEV: 'true', GATEWAY_API_KEYS: 'dev-key' })).toEqual([dev])
  })

  test('is no key where another one is set', () => {
    expect(keysOf({ GATEWAY_DEV: 'true', ...KEY })).toEqual([
      { hash: keyHash('gw-test-a'), projects: [], shared: false },
    ])
  })

  test.each<[string, () => Environment]>([
    ['in the list', () => ({ GATEWAY_API_KEYS: 'gw-test-a,dev-key' })],
    ['with a policy', () => ({ GATEWAY_API_KEY_POLICIES: '{"dev-key":{}}' })],
    ['in a file', () => ({ GATEWAY_CONFIG_FILE: writeConfig('auth:\n  keys:\n    - key: dev-key\n') })],
    ['as a digest', () => ({ GATEWAY_CONFIG_FILE: writeConfig(`auth: {keys: [{hash: '${keyHash('dev-key')}'}]}`) })],
  ])('is refused %s without GATEWAY_DEV', (_name, env) => {
    expect(problemsOf(env())).toEqual([expect.stringContaining('GATEWAY_DEV=true')])
  })
})

describe('upstreams', () => {
  test('are read on both separators and keep a path', () => {
    const { config } = loadConfig({
      GATEWAY_UPSTREAMS: 'worker=http://model-worker:8001; local = mock://local,tls=https://host/base/',
      GATEWAY_DEFAULT_UPSTREAM: 'worker',
    })
    expect(config.upstreams).toMatchObject([
      { name: 'worker', url: 'http://model-worker:8001' },
      { name: 'local', url: 'mock://local' },
      { name: 'tls', url: 'https://host/base' },
    ])
    expect(config.defaultUpstream).toBe('worker')
  })

  test('have the settings of all of them where they say nothing, field by field', () => {
    const file = writeConfig(`
upstreams:
  - {name: a, url: 'http://h', timeouts: {connectMs: 500}, breaker: {openMs: 9}}
  - {name: b, url: 'http://h'}
upstreamDefaults: {breaker: {consecutive: 3}, timeouts: {idleMs: 8}}
timeouts: {idleMs: 7, firstByteMs: 6}
`)
    const { upstreams } = loadConfig({ GATEWAY_CONFIG_FILE: file }).config
    expect(upstreams).toMatchObject([
      { timeouts: { connectMs: 500, idleMs: 8, firstByteMs: 6, totalMs: 0 }, breaker: { consecutive: 3, openMs: 9 } },
      { timeouts: { connectMs: 2000, idleMs: 8, firstByteMs: 6 }, breaker: { consecutive: 3, openMs: 30_000 } },
    ])
  })

  test.each([
    'http://user:sesame@h',
    'http://169.254.169.254',
    'http://2852039166/latest',
    'http://0xA9FEA9FE',
    'http://[fd00:ec2::254]',
    'http://[FD00:0EC2::0254]:80',
    'http://[::ffff:169.254.169.254]',
    'http://metadata.google.internal',
    'http://METADATA.google.internal./computeMetadata',
    'http://h#part',
  ])('must not be %s', (url) => {
    const fromFile = problemsOf({
      GATEWAY_CONFIG_FILE: writeConfig(JSON.stringify({ upstreams: [{ name: 'a', url }] })),
    })
    for (const problems of [problemsOf({ GATEWAY_UPSTREAMS: `a=${url}` }), fromFile]) {
      expect(problems).toEqual([expect.stringMatching(/must not hold|metadata service/)])
      expect(problems.join()).not.toContain('sesame')
    }
  })
})

describe('policies of routes', () => {
  const upstreams = { GATEWAY_UPSTREAMS: 'vllm=http://model-worker:8001;sglang=http://sglang-worker:8002', ...KEY }

  /** The routes of the models, by id, and what was warned of. */
  function routesOf(policies: object) {
    const { config, warnings } = loadConfig({ ...upstreams, GATEWAY_ROUTE_POLICIES: JSON.stringify(policies) })
    return { routes: Object.fromEntries(config.models.map(({ id, route }) => [id, route])), warnings }
  }

  test('are read as they have always been written', () => {
    expect(
      routesOf({
        w: {
          strategy: 'weighted',
          targets: [
            { name: 'vllm', weight: 90 },
            { name: 'sglang', weight: 10 },
          ],
        },
        n: { targets: [{ name: 'vllm' }] },
        c: { strategy: 'canary', primary: 'vllm', canary: 'sglang', percent: 10 },
        p: { strategy: 'canary', primary: 'vllm', canary: 'sglang', percentage: 20 },
        z: { strategy: 'canary', primary: 'vllm', canary: 'sglang' },
        d: { strategy: 'direct', target: 'vllm' },
      }),
    ).toEqual({
      routes: {
        w: {
          strategy: 'weighted',
          targets: [
            { name: 'vllm', weight: 90 },
            { name: 'sglang', weight: 10 },
          ],
          sticky: 'caller',
        },
        n: { strategy: 'weighted', targets: [{ name: 'vllm', weight: 1 }], sticky: 'caller' },
        c: { strategy: 'canary', primary: 'vllm', canary: 'sglang', percent: 10, sticky: 'caller' },
        p: { strategy: 'canary', primary: 'vllm', canary: 'sglang', percent: 20, sticky: 'caller' },
        z: { strategy: 'canary', primary: 'vllm', canary: 'sglang', percent: 5, sticky: 'caller' },
        d: { strategy: 'direct', target: 'vllm' },
      },
      warnings: [],
    })
  })

  test('are cut to what has a meaning, with a warning for each cut', () => {
    const { routes, warnings } = routesOf({
      w: { targets: [{ name: 'vllm', weight: -5 }, { weight: 3 }, { name: 'sglang' }] },
      c: { strategy: 'canary', primary: 'vllm', canary: 'sglang', percent: 120 },
    })
    expect(routes).toMatchObject({
      w: {
        targets: [
          { name: 'vllm', weight: 0 },
          { name: 'sglang', weight: 1 },
        ],
      },
      c: { percent: 100 },
    })
    expect(warnings).toEqual([
      'GATEWAY_ROUTE_POLICIES: the policy of w: a target without a name is left out.',
      'GATEWAY_ROUTE_POLICIES: the policy of w: a weight below 0 is taken for 0.',
      'GATEWAY_ROUTE_POLICIES: the policy of c: 120 percent is taken for 100.',
    ])
  })
})

test.each([
  ['GATEWAY_SHADOW_PERCENT', '250', '250 percent is taken for 100'],
  ['GATEWAY_CIRCUIT_BREAKER_MAX_FAILURES', '0', '0 is taken for 1'],
  ['GATEWAY_RATE_LIMIT_PER_MINUTE', '0', '0 refuses every call'],
  [
    'GATEWAY_JWT_ISSUER',
    'me',
    'no effect without GATEWAY_JWT_SECRET or GATEWAY_JWT_PUBLIC_KEY or GATEWAY_JWT_JWKS_URL',
  ],
  ['GATEWAY_REDIS_REPLICAS', '3', 'no effect without GATEWAY_REDIS_URL'],
  ['GATEWAY_UPSTREAM', 'a=http://h', 'did you mean GATEWAY_UPSTREAMS?'],
  ['GATEWAY_PROT', '1', 'did you mean GATEWAY_PORT?'],
  ['GATEWAY_KEYS', '1', 'is not a variable of the gateway.'],
  ['GATEWAY_SOMETHING_ELSE_ENTIRELY', '1', 'is not a variable of the gateway.'],
])('starts with %s=%s and warns', (name, text, warning) => {
  expect(loadConfig({ ...KEY, [name]: text }).warnings).toEqual([expect.stringContaining(warning)])
})

test('lists names that look like slips beside what is wrong, since one can be why', () => {
  const env = { ...KEY, GATEWAY_UPSTREAM: 'a=http://h', GATEWAY_DEFAULT_UPSTREAM: 'a' }
  expect(problemsOf(env)).toEqual([
    'GATEWAY_DEFAULT_UPSTREAM: no upstream is named a; there are no upstreams',
    'warning: GATEWAY_UPSTREAM is not a variable of the gateway; did you mean GATEWAY_UPSTREAMS?',
  ])
})

test('warns of an upstream whose credentials are not there', () => {
  const upstream = { name: 'hosted', url: 'https://h', credentials: { fromEnv: 'HOSTED_KEY' } }
  const env = { ...KEY, GATEWAY_CONFIG_FILE: writeConfig(JSON.stringify({ upstreams: [upstream] })) }
  expect(loadConfig(env).warnings).toEqual([
    'HOSTED_KEY is not set: the upstream hosted is called without credentials.',
  ])
  expect(loadConfig({ ...env, HOSTED_KEY: 'nvapi-test-hosted' }).warnings).toEqual([])
})

test('takes a status among the causes of a fallback with and without quotes', () => {
  const file = writeConfig(`upstreams: [{ name: a, url: 'http://h' }, { name: b, url: 'http://h' }]
models: [{ id: m, route: { strategy: direct, target: a }, fallback: { models: [b], on: [connect, 429, '503'] } }]`)
  const { config } = loadConfig({ ...KEY, GATEWAY_CONFIG_FILE: file })
  expect(config.models[0]?.fallback?.on).toEqual(['connect', '429', '503'])
})

test('says nothing of the variables that Kubernetes sets for a Service named gateway', () => {
  const links = {
    GATEWAY_SERVICE_HOST: '10.96.0.9',
    GATEWAY_SERVICE_PORT_HTTP: '80',
    GATEWAY_PORT_80_TCP_ADDR: '10.96.0.9',
  }
  expect(loadConfig({ ...KEY, ...links }).warnings).toEqual([])
})

test('refuses unknown names in strict mode, and only those', () => {
  const env = { ...KEY, GATEWAY_CONFIG_STRICT: 'true', GATEWAY_RATE_LIMIT_PER_MINUTE: '0' }
  expect(loadConfig(env).warnings).toHaveLength(1)
  expect(problemsOf({ ...env, GATEWAY_UPSTREAM: 'a=http://h' })).toEqual([
    'GATEWAY_UPSTREAM: is not a variable of the gateway; did you mean GATEWAY_UPSTREAMS?',
  ])
})

test('lists everything that is wrong at once, links too, without the secrets', () => {
  const problems = problemsOf({
    GATEWAY_PORT: 'x',
    GATEWAY_UPSTREAMS: 'a=http://user:sesame@host;b=grpc://h',
    GATEWAY_DEFAULT_UPSTREAM: 'ghost',
    GATEWAY_API_KEYS: '["nvapi-test-secret',
    GATEWAY_API_KEY_POLICIES: '{"nvapi-test-secret":{"projects":"demo"}}',
    GATEWAY_LOG_LEVEL: 'loud',
  })
  expect(problems.map((line) => line.replace(/:.*/, '')).toSorted((a, b) => a.localeCompare(b))).toEqual([
    'GATEWAY_API_KEY_POLICIES',
    'GATEWAY_API_KEYS',
    'GATEWAY_DEFAULT_UPSTREAM',
    'GATEWAY_LOG_LEVEL',
    'GATEWAY_PORT',
    'GATEWAY_UPSTREAMS',
    'GATEWAY_UPSTREAMS',
  ])
  expect(problems.join('\n')).not.toMatch(/sesame|nvapi/)
})

describe('the second port', () => {
  test.each<[string, Environment]>([
    ['the same port of the same address', {}],
    ['the same port, where the first one takes every address', { GATEWAY_HOST: '0.0.0.0', GATEWAY_ADMIN_HOST: '::1' }],
    ['the same port, and takes every address', { GATEWAY_ADMIN_HOST: '::' }],
  ])('is refused that is %s', (_name, env) => {
    expect(problemsOf({ ...KEY, GATEWAY_PORT: '8000', GATEWAY_ADMIN_PORT: '8000', ...env })).toEqual([
      'GATEWAY_ADMIN_PORT: must be another port than server.port, which is 8000',
    ])
  })

  test.each<[string, Environment]>([
    [
      'the same number at another address',
      { GATEWAY_PORT: '8000', GATEWAY_ADMIN_PORT: '8000', GATEWAY_ADMIN_HOST: '::1' },
    ],
    ['left to the system, as the first one is', { GATEWAY_PORT: '0', GATEWAY_ADMIN_PORT: '0' }],
  ])('may be %s', (_name, env) => {
    expect(loadConfig({ ...KEY, ...env }).warnings).toEqual([])
  })
})

describe('the API of the cluster', () => {
  const pod = {
    ...KEY,
    GATEWAY_DISCOVERY: 'kubernetes',
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_SERVICE_PORT: '6443',
  }

  test('is that of the pod', () => {
    expect(loadConfig(pod).config.discovery).toEqual({
      kind: 'kubernetes',
      apiUrl: 'https://10.96.0.1:6443',
      serviceAccountDir: '/var/run/secrets/kubernetes.io/serviceaccount',
    })
  })

  test('is reached with the ServiceAccount of NEXUS_SERVICE_ACCOUNT_DIR, in its namespace', () => {
    const dir = temporaryFolder()
    writeFileSync(join(dir, 'namespace'), 'nexus\n')
    const { config } = loadConfig({ ...pod, NEXUS_SERVICE_ACCOUNT_DIR: dir })
    expect(config.discovery).toMatchObject({ serviceAccountDir: dir })
    expect(config.kubernetes).toEqual({ apiUrl: 'https://10.96.0.1:6443', serviceAccountDir: dir, namespace: 'nexus' })
  })

  test('may have an address of IPv6', () => {
    const { config } = loadConfig({ ...pod, KUBERNETES_SERVICE_HOST: 'fd00::1' })
    expect(config.kubernetes.apiUrl).toBe('https://[fd00::1]:6443')
  })

  test('must have a port that is one, before anything is asked of it', () => {
    expect(problemsOf({ ...pod, KUBERNETES_SERVICE_PORT: 'tcp://api:443' })).toEqual([
      expect.stringContaining('KUBERNETES_SERVICE_PORT'),
    ])
  })

  test('is needed by an upstream that names a Service', () => {
    const file = writeConfig('upstreams:\n  - name: a\n    service: {namespace: demo, name: llama}\n')
    expect(problemsOf({ GATEWAY_CONFIG_FILE: file })).toEqual([
      `${file}:3 (upstreams[0].service): needs KUBERNETES_SERVICE_HOST: run in a pod, or set kubernetes.apiUrl (GATEWAY_KUBERNETES_API_URL)`,
    ])
    expect(loadConfig({ GATEWAY_CONFIG_FILE: file, KUBERNETES_SERVICE_HOST: 'api' }).config.upstreams).toHaveLength(1)
  })
})

describe('links', () => {
  const a = 'upstreams: [{name: a, url: "http://h"}]\n'
  test.each([
    [
      'an alias that is a model',
      `${a}defaultUpstream: a\nmodels: [{id: m}, {id: n, aliases: [m]}]`,
      'the model m is named twice',
    ],
    ['an alias whose model nothing serves', `${a}models: [{id: m, aliases: [chat]}]`, 'nothing serves m'],
    ['a fallback that nothing serves', `${a}models: [{id: a, fallback: {models: [ghost]}}]`, 'nothing serves ghost'],
    ['a model that falls back to itself', `${a}models: [{id: a, fallback: {models: [a]}}]`, 'a → a never ends'],
    [
      'a chain over an alias',
      `${a}defaultUpstream: a\nmodels: [{id: m, aliases: [x], fallback: {models: [n]}}, {id: n, fallback: {models: [x]}}]`,
      'm → n → x never ends',
    ],
    [
      'a served name of an unknown upstream',
      `${a}defaultUpstream: a\nmodels: [{id: m, served: {b: n}}]`,
      'no upstream is named b',
    ],
    [
      'two upstreams of one name',
      'upstreams: [{name: a, url: "http://h"}, {name: a, url: "http://g"}]',
      'the name a is used twice',
    ],
  ])('must not hold %s', (_name, text, problem) => {
    expect(problemsOf({ GATEWAY_CONFIG_FILE: writeConfig(text) })).toEqual([expect.stringContaining(problem)])
  })

  test('may leave a model to the deployments that discovery finds', () => {
    const file = writeConfig('models: [{id: m, aliases: [chat]}]')
    expect(
      loadConfig({ GATEWAY_CONFIG_FILE: file, GATEWAY_DISCOVERY: 'kubernetes', KUBERNETES_SERVICE_HOST: 'api' }).config
        .models,
    ).toHaveLength(1)
  })
})

describe('a file', () => {
  test('may be YAML or JSON', () => {
    const yaml = writeConfig('apiVersion: gateway.nexus.dev/v1alpha1\nkind: GatewayConfig\nserver:\n  port: 8100\n')
    const json = writeConfig('{"server": {"port": 8100}}', 'gateway.json')
    for (const file of [yaml, json])
      expect(loadConfig({ ...KEY, GATEWAY_CONFIG_FILE: file }).config.server.port).toBe(8100)
  })

  test('may say nothing', () => {
    expect(loadConfig({ ...KEY, GATEWAY_CONFIG_FILE: writeConfig('# nothing yet\n') }).config.server.port).toBe(8000)
  })

  test('gives way to the environment, value by value and entry by entry', () => {
    const file = writeConfig(`
server: {port: 8100, host: 127.0.0.3}
upstreams:
  - {name: a, url: 'http://file', timeouts: {connectMs: 5}}
  - {name: b, url: 'http://file'}
models:
  - {id: m, aliases: [chat], route: {strategy: direct, target: b}}
`)
    const { config, warnings } = loadConfig({
      ...KEY,
      GATEWAY_CONFIG_FILE: file,
      GATEWAY_PORT: '8200',
      GATEWAY_UPSTREAMS: 'a=http://env;c=http://env',
      GATEWAY_ROUTE_POLICIES: '{"m":{"strategy":"direct","target":"a"}}',
    })
    expect(config.server).toMatchObject({ port: 8200, host: '127.0.0.3' })
    expect(config.upstreams.map(({ name, url, timeouts }) => [name, url, timeouts?.connectMs])).toEqual([
      ['a', 'http://env', 2000],
      ['b', 'http://file', 2000],
      ['c', 'http://env', 2000],
    ])
    expect(config.models).toMatchObject([{ id: 'm', aliases: ['chat'], route: { target: 'a' } }])
    expect(warnings).toEqual([
      `GATEWAY_UPSTREAMS wins over a of ${file}:4.`,
      `GATEWAY_ROUTE_POLICIES wins over m of ${file}:7.`,
    ])
  })

  test('is told with the line of everything that is wrong in it', () => {
    const file = writeConfig(`server:
  prot: 8100
  port: eighty
upstreams:
  - name: a
    url: grpc://h
defaultUpstream: ghost
auth:
  keys:
    - hash: md5:1
logLevel: loud
`)
    expect(problemsOf({ GATEWAY_CONFIG_FILE: file })).toEqual([
      expect.stringContaining(`${file}:3 (server.port): `),
      expect.stringMatching(/:2 \(server\.prot\): prot is not a field; did you mean port\?$/),
      expect.stringContaining(`${file}:10 (auth.keys[0].hash): must be sha256:`),
      expect.stringContaining(`${file}:6 (upstreams[0].url): grpc:// is not supported`),
      expect.stringContaining(`${file}:11 (logLevel): `),
      expect.stringContaining(`${file}:7 (defaultUpstream): no upstream is named ghost`),
    ])
  })

  test.each([
    ['is a list', '- a', 'must be an object'],
    ['has a tab', 'server:\n\tport: 1', ':2:1: is not valid YAML: tab as indent'],
    ['says something twice', 'logLevel: info\nlogLevel: warn', ':2:1: is not valid YAML: duplicate key'],
    ['ends in the middle', '{"server": {', 'is not valid YAML: a dash, colon, comma, bracket or quote is missing'],
    [
      'has a colon in a value',
      'defaultUpstream: gw-test: b',
      ':1:18: is not valid YAML: a field begins inside a value',
    ],
    ['has an odd time', 'auth: { keys: [{ key: k, expiresAt: soon }] }', 'must be a time such as 2027-01-31T12:00:00Z'],
    ['uses an anchor that is none', 'logLevel: *gw-test-secret', 'must be quoted'],
    ['is of another kind', 'kind: Deployment', 'GatewayConfig'],
  ])('is refused when it %s, without being quoted', (_name, text, problem) => {
    const problems = problemsOf({ GATEWAY_CONFIG_FILE: writeConfig(text) })
    expect(problems.join('\n')).toContain(problem)
    expect(problems.join('\n')).not.toContain('gw-test')
  })

  test('is refused when its aliases multiply', () => {
    const lines = Array.from({ length: 12 }, (_, i) => `x${i + 1}: &x${i + 1} [${`*x${i}, `.repeat(10)}]`)
    const problems = problemsOf({ GATEWAY_CONFIG_FILE: writeConfig(['x0: &x0 [a]', ...lines].join('\n')) })
    expect(problems).toEqual([expect.stringContaining('too many aliases')])
  })

  test('must be a file that can be read, and of a size that a configuration has', () => {
    const dir = temporaryFolder()
    mkdirSync(join(dir, 'folder'))
    writeFileSync(join(dir, 'binary'), Buffer.from([0xff, 0xfe, 0x00]))
    writeFileSync(join(dir, 'empty'), '')
    writeFileSync(join(dir, 'huge'), 'x'.repeat(5_000_000))
    const said = ['none', 'folder', 'binary', 'empty', 'huge'].map((name) =>
      problemsOf({ GATEWAY_CONFIG_FILE: join(dir, name), GATEWAY_PORT: 'x' }),
    )
    expect(said.map(([first]) => first)).toEqual([
      expect.stringContaining('does not exist'),
      expect.stringContaining('is a folder'),
      expect.stringContaining('is not UTF-8'),
      expect.stringContaining('is empty'),
      expect.stringContaining('larger than'),
    ])
    for (const [, second] of said) expect(second).toBe('GATEWAY_PORT: must be a whole number')
  })
})
