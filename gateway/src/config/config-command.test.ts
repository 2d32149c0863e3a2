import { expect, test } from 'vitest'
import { runConfigCommand } from './config-command.ts'
import { temporaryFolder, writeConfig } from './testing.ts'
import type { Environment } from './load-config.ts'

/** Runs `nexus-gateway config …` in this process. */
async function run(argv: string[], env: Environment = {}) {
  const said = { stdout: '', stderr: '' }
  const code = await runConfigCommand(argv, {
    stdout: { write: (text) => (said.stdout += text) },
    stderr: { write: (text) => (said.stderr += text) },
    env,
  })
  return { code, ...said }
}

test('prints the configuration that a gateway would start with, warnings aside', async () => {
  const { code, stdout, stderr } = await run(['print', '--redact', '--origin'], { GATEWAY_PORT: '8100' })
  expect(code).toBe(0)
  expect(stdout).toContain('port: 8100 # GATEWAY_PORT')
  expect(stderr).toBe('warning: No API key is set: every call is answered 401. Set GATEWAY_API_KEYS.\n')
})

test('prints it as JSON', async () => {
  const env = { GATEWAY_API_KEYS: 'gw-test-a' }
  const plain: unknown = JSON.parse((await run(['print', '-o', 'json'], env)).stdout)
  expect(plain).toMatchObject({ server: { port: 8000 } })
  const values: unknown = JSON.parse((await run(['print', '-o', 'json', '--origin'], env)).stdout)
  expect(values).toContainEqual({ field: 'server.port', value: 8000, origin: 'default' })
})

test('checks the file that is named, in place of the one of the environment', async () => {
  const good = writeConfig('auth: {keys: [{key: gw-test-a}]}')
  const bad = writeConfig('server: {port: eighty}')
  expect(await run(['check', '--file', good], { GATEWAY_CONFIG_FILE: bad })).toEqual({
    code: 0,
    stdout: 'the configuration is valid\n',
    stderr: '',
  })
  const refused = await run(['check'], { GATEWAY_CONFIG_FILE: bad })
  expect(refused).toMatchObject({ code: 78, stdout: '' })
  expect(refused.stderr).toContain(`${bad}:1 (server.port): `)
  expect(await run(['print', '--file', temporaryFolder()])).toMatchObject({ code: 78, stdout: '' })
})

test('prints the JSON Schema', async () => {
  const schema: unknown = JSON.parse((await run(['schema'])).stdout)
  expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', additionalProperties: false })
})

test.each([
  [[], 2, ''],
  [['destroy'], 2, 'destroy is not something'],
  [['print', 'it'], 2, 'it is one word too many'],
  [['print', '-o', 'xml'], 2, 'yaml or json'],
  [['print', '--reveal'], 2, '--reveal'],
  [['--help'], 0, ''],
])('answers %j with exit code %i', async (argv, code, said) => {
  const answer = await run(argv)
  expect(answer.code).toBe(code)
  expect(answer.stderr).toContain(said)
})
