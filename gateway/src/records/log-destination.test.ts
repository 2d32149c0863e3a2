import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { createLogDestination } from './log-destination.ts'

test('writes lines in batches, and soon also the last ones', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'log-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const path = join(directory, 'log')
  const destination = createLogDestination(path)
  onTestFinished(() => destination.end())
  const log = pino(destination)
  for (let i = 0; i < 1_000; i++) log.info({ i })
  await expect
    .poll(async () => (await readFile(path, 'utf8').catch(() => '')).split('\n').length, { timeout: 10_000 })
    .toBe(1_001)
})

test.for([
  ['exits', 'process.exit(0)'],
  ['has nothing left to do', ''],
  ['fails', 'setImmediate(() => { throw new Error("a bug") })'],
])('a process that %s has written every line', ([, end = '']) => {
  const program = `
    import { pino } from ${JSON.stringify(import.meta.resolve('pino'))}
    import { createLogDestination } from ${JSON.stringify(import.meta.resolve('./log-destination.ts'))}
    pino(createLogDestination()).info({ event: 'last words' })
    ${end}`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  expect(stdout).toContain('last words')
})
