import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolder } from './make-folder.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nexus-folder-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('a folder is made with those above it, and only its owner may enter', () => {
  const made = join(dir, 'a', 'b')
  makeFolder(made)
  makeFolder(made)
  expect(statSync(made).mode & 0o777).toBe(0o700)
})

test.skipIf(!existsSync('/proc/self'))('where no folder can be made, that is said at once', () => {
  expect(() => makeFolder('/proc/nexus-folder')).toThrow('/proc/nexus-folder')
  expect(() => makeFolder('/proc/nexus-folder/below')).toThrow('/proc/nexus-folder')
})
