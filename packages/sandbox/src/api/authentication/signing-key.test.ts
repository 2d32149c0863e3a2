import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { signingKey } from './signing-key.ts'

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'nexus-signing-key-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  return dir
}

test('a key is kept for the next start, and for nobody else', () => {
  const dir = folder()
  const { id } = signingKey(dir)
  expect(signingKey(dir).id).toBe(id)
  expect(statSync(join(dir, 'service-account.key')).mode & 0o777).toBe(0o600)
})

test('a damaged key is made anew', () => {
  const dir = folder()
  const { id } = signingKey(dir)
  const file = join(dir, 'service-account.key')
  writeFileSync(file, readFileSync(file).subarray(0, 40))
  const renewed = signingKey(dir)
  expect(renewed.id).not.toBe(id)
  expect(signingKey(dir).id).toBe(renewed.id)
})
