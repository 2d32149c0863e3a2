import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import type { Shell } from '../shell.ts'
import { gatewayConfig } from './gateway-config.ts'

/** A file with this text, and a shell that keeps what it is told. */
async function setUp(text: string) {
  const folder = await mkdtemp(join(tmpdir(), 'nexus-config-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'gateway.yaml')
  await writeFile(file, text)
  const said: string[] = []
  const shell: Shell = {
    env: { PATH: process.env['PATH'], GATEWAY_API_KEYS: 'gw-test-config' },
    stdin: Readable.from([]),
    interactive: false,
    signal: new AbortController().signal,
    out: (data) => void said.push(data),
    talk: (line) => void said.push(line),
  }
  return { file, said, shell }
}

test('a file is checked and printed by its name', async () => {
  const { file, said, shell } = await setUp('server: { port: 1234 }\n')
  await gatewayConfig('check', { file }, shell)
  expect(said).toEqual(['the configuration is valid\n'])
  await gatewayConfig('print', { file, origin: true }, shell)
  expect(said.at(-1)).toContain(`port: 1234 # ${file}:1`)
})

test('everything that is wrong with a file is said at once', async () => {
  const { file, shell } = await setUp('server: { port: 9, adminPort: 9 }\nextra: 1\n')
  await expect(gatewayConfig('check', { file }, shell)).rejects.toMatchObject({
    code: 'NEXUS_CLI_GATEWAY_INPUT',
    message: [
      "The gateway's configuration is not valid:",
      `  ${file}:1 (server.adminPort): must be another port than server.port, which is 9`,
      `  ${file}:2 (extra): extra is not a field`,
    ].join('\n'),
  })
})
