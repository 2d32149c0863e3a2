import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { configFields, siblingsOf } from './fields.ts'
import { renderJsonSchema } from './json-schema.ts'
import { loadConfig } from './load-config.ts'
import { renderReference } from './reference.ts'
import { writeConfig } from './testing.ts'
import { VARIABLES, VARIABLE_NAMES } from './variables.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const page = join(root, 'docs', 'reference', 'gateway-configuration.md')

test('docs/reference/gateway-configuration.md is what the schema says', async () => {
  await expect(renderReference()).toMatchFileSnapshot(page)
})

test('gateway/schema/gateway-config.schema.json is what the schema says', async () => {
  await expect(renderJsonSchema()).toMatchFileSnapshot(join(root, 'gateway', 'schema', 'gateway-config.schema.json'))
})

test('something is said of every field', () => {
  expect(configFields().filter(({ description }) => description === '')).toEqual([])
})

test('every variable stands on the page, and its field exists', () => {
  const text = renderReference()
  for (const name of VARIABLE_NAMES) expect(text).toContain(`\`${name}\``)
  const paths = new Set(configFields().map(({ path }) => path))
  for (const { field } of VARIABLES) expect(paths).toContain(field)
})

test('the example on the page is a valid configuration', () => {
  const [, example = ''] = /```yaml\n([^]*?)```/.exec(renderReference()) ?? []
  expect(parse(example)).toHaveProperty('kind', 'GatewayConfig')
  expect(loadConfig({ GATEWAY_CONFIG_FILE: writeConfig(example) }).config.models).toHaveLength(1)
})

test('the defaults that are shown are those in force', () => {
  const { config } = loadConfig({ GATEWAY_JWT_SECRET: 'gw-test-jwt', GATEWAY_REDIS_URL: 'redis://r' })
  const shown = configFields().filter((field) => field.default !== undefined && !/\[\]|^discovery/.test(field.path))
  for (const field of shown) {
    const value = field.path
      .split('.')
      .reduce<unknown>((at, part) => (Object(at) === at ? Reflect.get(Object(at), part) : undefined), config)
    expect([field.path, JSON.stringify(value)]).toEqual([field.path, field.default])
  }
  expect(shown.length).toBeGreaterThan(40)
})

test('knows the fields beside one in a list, in a variant and at the top', () => {
  expect(siblingsOf(['upstreams', 0, 'ulr'])).toContain('url')
  expect(siblingsOf(['models', 3, 'route', 'percnt'])).toEqual(expect.arrayContaining(['percent', 'target', 'targets']))
  expect(siblingsOf(['loglevel'])).toContain('logLevel')
})
