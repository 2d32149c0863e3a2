import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { boundedLog } from './bounded-log.ts'

let dir = ''
let file = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nexus-log-'))
  file = join(dir, 'sandbox.log')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('lines follow those of the last start', () => {
  writeFileSync(file, 'before\n')
  boundedLog(file)('after')
  expect(readFileSync(file, 'utf8')).toBe('before\nafter\n')
})

test('a full log is kept once, and begins anew', () => {
  const log = boundedLog(file, 100)
  for (let line = 0; line < 100; line++) log(`line ${line}`)
  expect(readFileSync(file, 'utf8').endsWith('line 99\n')).toBe(true)
  const kept = `${readFileSync(`${file}.1`, 'utf8')}${readFileSync(file, 'utf8')}`
  const numbers = kept.match(/\d+/g)?.map(Number) ?? []
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => 100 - numbers.length + index))
  expect([file, `${file}.1`].map((one) => statSync(one).size <= 100)).toEqual([true, true])
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a line that cannot be written is lost, and the next one is not', () => {
  const log = boundedLog(file)
  rmSync(dir, { recursive: true })
  log('lost')
  mkdirSync(dir)
  log('kept')
  expect(readFileSync(file, 'utf8')).toBe('kept\n')
})
