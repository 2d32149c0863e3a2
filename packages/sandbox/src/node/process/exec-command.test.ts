import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { processStartTime } from '../../process-start.ts'
import { execCommand } from './exec-command.ts'

const place = { env: { PATH: process.env['PATH'] ?? '', NAME: 'llama' }, cwd: tmpdir() }
const patience = AbortSignal.timeout(30_000)

test('a command answers with its exit code and what it said, on both streams', async () => {
  expect(await execCommand(['sh', '-c', 'echo "$NAME"; echo wrong >&2; exit 3'], place, patience)).toEqual({
    exitCode: 3,
    output: 'llama\nwrong\n',
  })
})

test('a command that is not there answers as in a shell', async () => {
  expect(await execCommand(['no-such-program'], place, patience)).toMatchObject({ exitCode: 127 })
})

test.each([
  ['has a zero in it', 'true \0'],
  ['is too long', `: ${'x'.repeat(1024 * 1024)}`],
])('a command that %s is refused as by a shell', async (_, script) => {
  expect(await execCommand(['sh', '-c', script], place, patience)).toMatchObject({ exitCode: 126 })
})

test('a command that takes too long ends with all its children', async () => {
  const result = await execCommand(['sh', '-c', 'sleep 1000 & sleep 1000'], place, AbortSignal.timeout(50))
  expect(result.exitCode).toBeUndefined()
})

test('a command that was interrupted before it began has no exit code', async () => {
  expect((await execCommand(['true'], place, AbortSignal.abort())).exitCode).toBeUndefined()
})

test('of a long output the beginning is kept', async () => {
  const { output } = await execCommand(['sh', '-c', 'yes | head -c 100000'], place, patience)
  expect(output).toHaveLength(10 * 1024)
})

test('a command ends when the process that runs it is killed', { timeout: 60_000 }, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-exec-'))
  const script = `
    import { execCommand } from ${JSON.stringify(new URL('./exec-command.ts', import.meta.url).href)}
    const place = { env: { PATH: process.env.PATH }, cwd: ${JSON.stringify(dir)} }
    await execCommand(['sh', '-c', 'echo $$ > pid; exec sleep 1000'], place, new AbortController().signal)`
  const flags = ['--no-warnings', '--conditions=@nexus/source', '--input-type=module', '--eval', script]
  const agent = spawn(process.execPath, flags, { stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    const patient = { timeout: 30_000 }
    const pid = await vi.waitFor(async () => {
      const text = await readFile(join(dir, 'pid'), 'utf8')
      expect(text).toMatch(/^\d+\n$/)
      return Number(text)
    }, patient)
    expect(processStartTime(pid)).toBeDefined()
    agent.kill('SIGKILL')
    await vi.waitFor(() => expect(processStartTime(pid)).toBeUndefined(), patient)
  } finally {
    agent.kill('SIGKILL')
    await rm(dir, { recursive: true, force: true })
  }
})
