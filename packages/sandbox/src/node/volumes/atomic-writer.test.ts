import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeAtomically } from './atomic-writer.ts'
import type { Payload } from './payload.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-volume-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function payload(files: Record<string, string>, mode = 0o644): Payload {
  return new Map(Object.entries(files).map(([path, text]) => [path, { content: Buffer.from(text), mode }]))
}

function names(): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith('..'))
}

test('files are links through one link, with the mode that was asked for', async () => {
  await writeAtomically(folder, payload({ key: 'value', 'deep/er/file': 'x' }, 0o400))
  expect(readFileSync(join(folder, 'key'), 'utf8')).toBe('value')
  expect(readFileSync(join(folder, 'deep/er/file'), 'utf8')).toBe('x')
  expect(readlinkSync(join(folder, 'key'))).toBe('..data/key')
  expect(readlinkSync(join(folder, 'deep'))).toBe('..data/deep')
  expect(statSync(join(folder, 'key')).mode & 0o777).toBe(0o400)
})

test('a change replaces all files at once and leaves nothing of the old ones', async () => {
  await writeAtomically(folder, payload({ stays: '1', goes: '1' }))
  const before = readlinkSync(join(folder, '..data'))
  expect(await writeAtomically(folder, payload({ stays: '2', comes: '2' }))).toBe(true)
  expect(readlinkSync(join(folder, '..data'))).not.toBe(before)
  expect(names().sort()).toEqual(['comes', 'stays'])
  expect(readFileSync(join(folder, 'stays'), 'utf8')).toBe('2')
  expect(readdirSync(folder).filter((name) => name.startsWith('..'))).toHaveLength(2)
})

test.each([
  ['the same files', payload({ key: 'value' }), false],
  ['another content of the same length', payload({ key: 'other' }), true],
  ['another mode', payload({ key: 'value' }, 0o600), true],
  ['one file more', payload({ key: 'value', more: '' }), true],
  ['no file', payload({}), true],
])('%s: written again: %s', async (_, next, written) => {
  await writeAtomically(folder, payload({ key: 'value' }))
  expect(await writeAtomically(folder, next)).toBe(written)
})

test('a volume without files is an empty folder', async () => {
  await writeAtomically(folder, payload({}))
  expect(names()).toEqual([])
})

test('what a crash left half written does not stand in the way', async () => {
  symlinkSync('..gone', join(folder, '..data_tmp'))
  symlinkSync('..gone', join(folder, '..data'))
  symlinkSync('..data/old', join(folder, 'old'))
  await writeAtomically(folder, payload({ key: 'value' }))
  expect(names()).toEqual(['key'])
  expect(readFileSync(join(folder, 'key'), 'utf8')).toBe('value')
})
