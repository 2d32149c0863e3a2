import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ContainerLog, readLogLines, removeLog } from './container-log.ts'

const dir = mkdtempSync(join(tmpdir(), 'nexus-log-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function textsOf(path: string): string[] | undefined {
  return readLogLines(path)?.map(({ text }) => text)
}

test('a follower who read the file sees each further line once, and the end', () => {
  const log = new ContainerLog(join(dir, 'follow.log'))
  log.write('stdout', Buffer.from('before\n'))
  const seen = textsOf(log.path) ?? []
  log.follow(
    ({ stream, text }) => seen.push(`${stream}: ${text}`),
    () => seen.push('end'),
  )
  log.write('stderr', Buffer.from('one\ntwo'))
  log.end()
  expect(seen).toEqual(['before', 'stderr: one', 'stderr: two', 'end'])
  expect(textsOf(log.path)).toEqual(['before', 'one', 'two'])
})

test('a follower of a log that has ended is told so', () => {
  const log = new ContainerLog(join(dir, 'ended.log'))
  log.end()
  const seen: string[] = []
  log.follow(
    () => seen.push('line'),
    () => seen.push('end'),
  )
  expect(seen).toEqual(['end'])
})

test('the files stay bounded and keep the newest lines', () => {
  const log = new ContainerLog(join(dir, 'bounded.log'), 1000)
  for (let count = 0; count < 500; count++) log.write('stdout', Buffer.from(`line ${count}\n`))
  log.end()
  const texts = textsOf(log.path) ?? []
  expect(texts.at(-1)).toBe('line 499')
  expect(texts.length).toBeLessThan(60)
})

test('a forgotten run leaves no file', () => {
  const folder = join(dir, 'forgotten')
  const log = new ContainerLog(join(folder, '0.log'), 10)
  for (const text of ['one line\n', 'another line\n', 'a third\n']) log.write('stdout', Buffer.from(text))
  log.end()
  expect(readdirSync(folder)).toEqual(['0.log', '0.log.1'])
  removeLog(log.path)
  removeLog(join(folder, '-1.log'))
  expect(readdirSync(folder)).toEqual([])
})

test.skipIf(!existsSync('/dev/full'))('a full disk loses lines, and followers still see them', () => {
  const log = new ContainerLog('/dev/full')
  const seen: string[] = []
  log.follow(
    ({ text }) => seen.push(text),
    () => seen.push('end'),
  )
  log.write('stdout', Buffer.from('lost\n'))
  log.end()
  expect(seen).toEqual(['lost', 'end'])
})

test('a run that left no log has no lines', () => {
  expect(readLogLines(join(dir, 'missing.log'))).toBeUndefined()
})
