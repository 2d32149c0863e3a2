import { array, assert as check, integer, option, property, record } from 'fast-check'
import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import { describeConfig, describeValues } from './describe-config.ts'
import { loadConfig, type LoadedConfig } from './load-config.ts'
import { writeConfig } from './testing.ts'

/** One of everything that must not be seen. */
const SECRETS = {
  GATEWAY_API_KEYS: 'gw-test-listed',
  GATEWAY_API_KEY_POLICIES: '{"gw-test-policy":{"projects":["*"]}}',
  GATEWAY_ADMIN_TOKEN: 'gw-test-admin',
  GATEWAY_JWT_SECRET: 'gw-test-jwt',
  GATEWAY_PII_HASH_SALT: 'gw-test-salt',
  GATEWAY_REDIS_URL: 'rediss://gw-test-user:gw-test-password@redis:6380/2?token=gw-test-query',
}

/** Everything that is ever printed of a configuration. */
function everyForm(loaded: LoadedConfig): string[] {
  return (['yaml', 'json'] as const).flatMap((format) =>
    [true, false].map((withOrigin) => describeConfig(loaded, { format, withOrigin })),
  )
}

describe('what is printed', () => {
  test('shows no secret in any form, and leaves the rest of what holds one', () => {
    const file = writeConfig('auth: {keys: [{id: app, key: gw-test-file}]}')
    const loaded = loadConfig({ ...SECRETS, GATEWAY_CONFIG_FILE: file })
    const printed = everyForm(loaded)
    for (const text of printed) {
      expect(text).not.toContain('gw-test')
      expect(text).toContain('rediss://<redacted>@redis:6380/2?<redacted>')
      for (const { hash = '' } of loaded.config.auth.keys) expect(text).not.toContain(hash)
    }
    expect(JSON.stringify(loaded.config.auth)).not.toMatch(/gw-test-(listed|policy|file)/)
  })

  test('is the configuration itself, as YAML and as JSON', () => {
    const loaded = loadConfig({ GATEWAY_UPSTREAMS: 'a=http://h', GATEWAY_PORT: '8100' })
    const [yaml = '', plainYaml = '', , json = ''] = everyForm(loaded)
    for (const config of [parse(yaml), parse(plainYaml), JSON.parse(json)]) expect(config).toEqual(plain(loaded.config))
  })

  test('says of each value where it came from', () => {
    const file = writeConfig(
      'server:\n  host: 127.0.0.9\nupstreams:\n  - name: a\n    url: http://h\n    breaker:\n      openMs: 7\n',
    )
    const env = { GATEWAY_CONFIG_FILE: file, GATEWAY_PORT: '8100', GATEWAY_CIRCUIT_BREAKER_MAX_FAILURES: '3' }
    const loaded = loadConfig(env)
    const yaml = describeConfig(loaded, { format: 'yaml', withOrigin: true })
    expect(yaml).toContain('  port: 8100 # GATEWAY_PORT\n')
    expect(yaml).toContain(`  host: 127.0.0.9 # ${file}:2\n`)
    expect(yaml).toContain('logLevel: info # default\n')
    expect(originOf(loaded, 'upstreams[0].breaker.openMs')).toBe(`${file}:7`)
    expect(originOf(loaded, 'upstreams[0].breaker.consecutive')).toBe('GATEWAY_CIRCUIT_BREAKER_MAX_FAILURES')
  })
})

/** Values that can be said in the file, by a variable, by both and by nobody. */
const KNOBS = [
  { variable: 'GATEWAY_PORT', field: 'server.port', default: 8000 },
  { variable: 'GATEWAY_MAX_CONNECTIONS_PER_IP', field: 'server.maxConnectionsPerIp', default: 0 },
  { variable: 'GATEWAY_QUEUE_MAX_WAITING', field: 'upstreamDefaults.queue.maxWaiting', default: 100 },
  { variable: 'GATEWAY_RATE_LIMIT_PER_MINUTE', field: 'limits.default.requestsPerWindow', default: 60 },
  { variable: 'GATEWAY_RETRY_BUDGET_PERCENT', field: 'retries.budgetPercent', default: 10 },
  { variable: 'GATEWAY_SHADOW_PERCENT', field: 'shadow.percent', default: 0 },
]

test('what is said of where values come from is where they do', () => {
  const amount = option(integer({ min: 1, max: 99 }), { nil: undefined })
  const said = record({ file: amount, env: amount })
  check(
    property(array(said, { minLength: KNOBS.length, maxLength: KNOBS.length }), (choices) => {
      const knobs = KNOBS.map((knob, index) => ({ ...knob, ...choices[index] }))
      const lines = knobs.flatMap(({ field, file }) => (file === undefined ? [] : [{ field, file }]))
      const path = writeConfig(lines.map(({ field, file }) => nest(field.split('.'), file)).reduce(mergeJson, '{}'))
      const env = Object.fromEntries(
        knobs.flatMap((knob) => (knob.env === undefined ? [] : [[knob.variable, String(knob.env)]])),
      )
      const described = new Map(
        describeValues(loadConfig({ ...env, GATEWAY_CONFIG_FILE: path })).map((value) => [value.field, value]),
      )
      for (const knob of knobs) {
        const { value, origin } = described.get(knob.field) ?? {}
        expect(value).toBe(knob.env ?? knob.file ?? knob.default)
        if (knob.env !== undefined) expect(origin).toBe(knob.variable)
        else if (knob.file === undefined) expect(origin).toBe('default')
        else expect(origin).toMatch(/gateway\.yaml:\d+$/)
      }
    }),
    { numRuns: 60 },
  )
})

function originOf(loaded: LoadedConfig, field: string): string | undefined {
  return describeValues(loaded).find((value) => value.field === field)?.origin
}

/** `{"a":{"b":1}}` as text. */
function nest([field = '', ...rest]: string[], value: number): string {
  return `{"${field}": ${rest.length === 0 ? value : nest(rest, value)}}`
}

/** Two objects as text, merged deeply. */
function mergeJson(one: string, other: string): string {
  return JSON.stringify(merged(JSON.parse(one), JSON.parse(other)))
}

function merged(one: unknown, other: unknown): unknown {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return other
  const fields = Object.entries(other).map(([field, value]) => [field, merged(Reflect.get(one, field), value)])
  return { ...one, ...Object.fromEntries(fields) }
}

/** As JSON carries it, with the digests of keys cut. */
function plain(config: LoadedConfig['config']): unknown {
  return JSON.parse(JSON.stringify(config))
}
