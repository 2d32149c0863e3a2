import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { readApiKey } from './api-key.ts'
import type { Shell } from './shell.ts'

const KEY = 'nvapi-test-0123456789abcdef'

function shellWith(input: string, env: NodeJS.ProcessEnv = {}): Shell {
  const stdin = new PassThrough()
  stdin.end(input)
  return { env, stdin, interactive: false, signal: new AbortController().signal, out: () => {}, talk: () => {} }
}

async function fileWith(text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-key-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const file = join(dir, 'key.txt')
  await writeFile(file, text)
  return file
}

test('a key comes from standard input, a file or the environment, in this order', async () => {
  const env = { NGC_API_KEY: `${KEY}-env` }
  const file = await fileWith(`${KEY}-file\n`)
  const read = async (flags: Parameters<typeof readApiKey>[0]) =>
    (await readApiKey(flags, shellWith(`${KEY}-pipe\n`, env))).reveal()
  expect(await read({ apiKeyStdin: true, apiKeyFile: file })).toBe(`${KEY}-pipe`)
  expect(await read({ apiKeyFile: file })).toBe(`${KEY}-file`)
  expect(await read({})).toBe(`${KEY}-env`)
})

test('no key at all, an empty pipe, an empty file and a missing one are told apart', async () => {
  const file = await fileWith('\n')
  await expect(readApiKey({}, shellWith(''))).rejects.toThrow('none was given')
  await expect(readApiKey({ apiKeyStdin: true }, shellWith(' \n'))).rejects.toThrow('Standard input is empty')
  await expect(readApiKey({ apiKeyFile: file }, shellWith(''))).rejects.toThrow(`The key file ${file} is empty`)
  await expect(readApiKey({ apiKeyFile: `${file}.no` }, shellWith(''))).rejects.toThrow('cannot be read')
})
