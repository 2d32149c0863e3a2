import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { authorizeBy } from './credentials.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nexus-token-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

test('a token file is read again after a minute, and kept while it is away', async () => {
  const path = join(dir, 'token')
  let ms = 0
  const authorize = authorizeBy({ type: 'token-file', path }, () => ms)
  await writeFile(path, 'first\n')
  expect(await authorize()).toBe('Bearer first')
  await writeFile(path, 'second\n')
  expect(await authorize()).toBe('Bearer first')
  ms = 60_001
  expect(await authorize()).toBe('Bearer second')
  await rm(path)
  ms = 120_002
  expect(await authorize()).toBe('Bearer second')
  await writeFile(path, 'third\n')
  expect(await authorize()).toBe('Bearer third')
})

test('a token file that was never there is named', async () => {
  const path = join(dir, 'gone')
  const reading = authorizeBy({ type: 'token-file', path })()
  await expect(reading).rejects.toThrow(`cannot read the token ${path}`)
  await expect(reading).rejects.toMatchObject({ code: 'NEXUS_KUBECONFIG_CREDENTIALS' })
})
