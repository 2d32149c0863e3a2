import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
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
