import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../testing/running.ts'
import { ConfigError } from './errors.ts'
import { followConfig } from './follow-config.ts'
import { loadConfig } from './load-config.ts'
import { temporaryFolder } from './testing.ts'

/** Follows a file until the test ends. */
function follow(file: string, times = { debounceMs: 20, lookMs: 3_600_000 }) {
  const env = { GATEWAY_CONFIG_FILE: file }
  const ports: number[] = []
  const said: string[] = []
  const problems: unknown[] = []
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const loaded = loadConfig(env)
  const begin = () =>
    followConfig(env, {
      loaded,
      onConfig: ({ config }) => ports.push(config.server.port),
      onProblem: (problem) => problems.push(problem),
      log: pino({ base: null, timestamp: false }, { write: (line: string) => void said.push(line) }),
      signal: stop.signal,
      times,
    })
  return { ports, problems, said, stop, begin }
}

function portFile(folder: string, port: number | string, name = 'gateway.yaml'): string {
  const file = join(folder, name)
  writeFileSync(file, `server:\n  port: ${port}\n`)
  return file
}

test('takes over a file that is written anew', async () => {
  const folder = temporaryFolder()
  const { ports, problems, begin } = follow(portFile(folder, 1))
  begin()
  portFile(folder, 2)
  await eventually(() => ports).toEqual([2])
  portFile(folder, 3)
  await eventually(() => ports).toEqual([2, 3])
  expect(problems).toEqual([])
})

test('takes over a file although its folder never rests', async () => {
  const folder = temporaryFolder()
  const { ports, begin } = follow(portFile(folder, 1), { debounceMs: 200, lookMs: 3_600_000 })
  begin()
  const busy = setInterval(() => writeFileSync(join(folder, 'gateway.log'), ''), 10)
  onTestFinished(() => clearInterval(busy))
  portFile(folder, 2)
  await eventually(() => ports).toEqual([2])
})

test('takes over a mounted ConfigMap, whose link to its data is swapped', async () => {
  const folder = temporaryFolder()
  const put = (version: string, port: number): void => {
    mkdirSync(join(folder, version))
    portFile(join(folder, version), port)
    symlinkSync(version, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  put('..2026_1', 1)
  symlinkSync('..data/gateway.yaml', join(folder, 'gateway.yaml'))
  const { ports, begin } = follow(join(folder, 'gateway.yaml'))
  begin()
  put('..2026_2', 2)
  await eventually(() => ports).toEqual([2])
  put('..2026_3', 3)
  rmSync(join(folder, '..2026_1'), { recursive: true })
  await eventually(() => ports).toEqual([2, 3])
})

test('keeps what is in force while the file is not valid or gone, and says so once for each', async () => {
  const folder = temporaryFolder()
  const file = portFile(folder, 1)
  const { ports, problems, begin } = follow(file)
  begin()
  portFile(folder, 'eighty')
  await eventually(() => problems).toHaveLength(1)
  expect(problems[0]).toBeInstanceOf(ConfigError)
  rmSync(file)
  await eventually(() => problems).toHaveLength(2)
  expect(ports).toEqual([])
  portFile(folder, 2)
  await eventually(() => ports).toEqual([2])
})

test('keeps what is in force where a write was cut off before its first byte', async () => {
  const file = portFile(temporaryFolder(), 1)
  const { ports, problems, begin } = follow(file)
  begin()
  writeFileSync(file, '')
  await eventually(() => problems).toHaveLength(1)
  expect(String(problems[0])).toContain('is empty')
  expect(ports).toEqual([])
})

test('brings nothing into force when the file is again what it was', async () => {
  const folder = temporaryFolder()
  const file = portFile(folder, 1)
  const { ports, problems, begin } = follow(file)
  const follower = begin()
  rmSync(file)
  follower.reload()
  expect(problems).toHaveLength(1)
  portFile(folder, 1)
  follower.reload()
  portFile(folder, 2)
  await eventually(() => ports).toEqual([2])
  expect(problems).toHaveLength(1)
})

test('says whether what has not changed is in force or was refused', () => {
  const folder = temporaryFolder()
  const { said, begin } = follow(portFile(folder, 1))
  const follower = begin()
  follower.reload()
  expect(said.at(-1)).toContain('has not changed"')
  portFile(folder, 'eighty')
  follower.reload()
  follower.reload()
  expect(said.at(-1)).toContain('has not changed since it was refused')
})

test('sees a change that came before it began', () => {
  const folder = temporaryFolder()
  const { ports, begin } = follow(portFile(folder, 1))
  portFile(folder, 2)
  begin()
  expect(ports).toEqual([2])
})

test('looks at the file now and then, where no event tells of a change', async () => {
  const folder = temporaryFolder()
  const elsewhere = temporaryFolder()
  symlinkSync(portFile(elsewhere, 1), join(folder, 'gateway.yaml'))
  const { ports, begin } = follow(join(folder, 'gateway.yaml'), { debounceMs: 20, lookMs: 30 })
  begin()
  portFile(elsewhere, 2)
  await eventually(() => ports).toEqual([2])
})

test('looks at once on SIGHUP, and no more once it has ended', async () => {
  const folder = temporaryFolder()
  const { ports, stop, begin } = follow(portFile(folder, 1), { debounceMs: 3_600_000, lookMs: 3_600_000 })
  const before = process.listenerCount('SIGHUP')
  begin()
  portFile(folder, 2)
  process.kill(process.pid, 'SIGHUP')
  await eventually(() => ports).toEqual([2])
  stop.abort()
  expect(process.listenerCount('SIGHUP')).toBe(before)
})
