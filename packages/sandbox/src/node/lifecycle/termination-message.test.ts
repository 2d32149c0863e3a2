import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { renderLogLine } from '../logs/log-line.ts'
import { readTerminationMessage } from './termination-message.ts'

const dir = mkdtempSync(join(tmpdir(), 'nexus-termination-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const logPath = join(dir, '0.log')
const lines = Array.from({ length: 100 }, (_, count) => `line ${count}`)
writeFileSync(
  logPath,
  lines.map((text) => renderLogLine({ time: '2026-01-01T00:00:00Z', stream: 'stdout', text })).join(''),
)

function fileWith(text: string): string {
  const file = join(dir, crypto.randomUUID())
  writeFileSync(file, text)
  return file
}

const fallback = { name: 'main', terminationMessagePolicy: 'FallbackToLogsOnError' }

test('the message is what the container left in its file, cut where the API cuts it', async () => {
  const file = fileWith('x'.repeat(5000))
  expect(await readTerminationMessage(fallback, { file, logPath, failed: true })).toHaveLength(4096)
})

test('a container that failed without a word is quoted from its log, if it asks for it', async () => {
  const message = await readTerminationMessage(fallback, { file: fileWith(''), logPath, failed: true })
  expect(message?.split('\n').slice(0, 2)).toEqual(['line 20', 'line 21'])
  expect(message?.endsWith('line 99\n')).toBe(true)
})

test.each([
  ['did not fail', fallback, false],
  ['does not ask for its log', { name: 'main' }, true],
])('a container that %s has no message', async (_, container, failed) => {
  expect(await readTerminationMessage(container, { file: join(dir, 'none'), logPath, failed })).toBeUndefined()
})
