import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { processStartTime } from '../../process-start.ts'
import { startPodProcess } from './pod-process.ts'
import type { PodProcess } from './pod-process.ts'
import { killLeftovers, renderRecord } from './process-record.ts'

const patient = { timeout: 30_000 }
vi.setConfig({ testTimeout: 60_000 })

let podsDir = ''
/** The folder of a container. */
let dir = ''
beforeAll(async () => {
  podsDir = await mkdtemp(join(tmpdir(), 'nexus-process-'))
  dir = await makeContainer(podsDir)
})
afterAll(() => rm(podsDir, { recursive: true, force: true }))

async function makeContainer(pods: string): Promise<string> {
  const folder = join(pods, 'uid', 'containers', 'main')
  await mkdir(folder, { recursive: true })
  return folder
}

interface Started {
  process: PodProcess
  output: () => string
}

async function start(script: string, env: Record<string, string> = {}): Promise<Started> {
  const chunks: Uint8Array[] = []
  const process_ = await startPodProcess({
    command: [process.execPath, '-e', script],
    env,
    dir,
    cwd: dir,
    onOutput: (_, chunk) => chunks.push(chunk),
  })
  return { process: process_, output: () => Buffer.concat(chunks).toString() }
}

test('a process ends with its code and all of its output', async () => {
  const { process, output } = await start(`console.log('out'); console.error('err'); process.exitCode = 7`)
  expect(existsSync(join(dir, 'process'))).toBe(true)
  expect(await process.ended).toEqual({ exitCode: 7 })
  expect(output().split('\n').sort()).toEqual(['', 'err', 'out'])
  expect(existsSync(join(dir, 'process'))).toBe(false)
})

test('a process inherits no variable of the agent but PATH', async () => {
  process.env['NEXUS_TEST_PARENT_SECRET'] = 'nvapi-test-parent'
  const { process: child, output } = await start(`console.log(Object.keys(process.env).sort().join())`, { MINE: '1' })
  delete process.env['NEXUS_TEST_PARENT_SECRET']
  await child.ended
  expect(output().trim()).toBe('HOME,MINE,NEXUS_LIFELINE_FD,PATH')
})

test('a killed process reports its signal as a container does', async () => {
  const { process } = await start(`setInterval(() => {}, 1000)`)
  process.signal('SIGKILL')
  expect(await process.ended).toEqual({ exitCode: 137, signal: 9 })
})

test('what a process leaves behind ends with it', async () => {
  const script = `const child = require('node:child_process').spawn('sleep', ['600'], { stdio: 'inherit' })
    console.log(child.pid); child.on('spawn', () => process.exit(0))`
  const { process, output } = await start(script)
  await process.ended
  // Its output ends a moment before it does.
  await vi.waitFor(() => expect(processStartTime(Number(output().trim()))).toBeUndefined(), patient)
})

test('a program that is not there is an error', async () => {
  const request = { command: ['/nowhere/program'] as const, env: {}, dir, cwd: dir, onOutput: () => {} }
  await expect(startPodProcess(request)).rejects.toThrow('ENOENT')
})

test('a process that cannot be recorded does not go on', async () => {
  const folder = join(dir, 'unrecorded')
  // A folder where the record belongs: writing it fails.
  await mkdir(join(folder, 'process'), { recursive: true })
  const mark = `nexus-unrecorded-${process.pid}`
  const command = [process.execPath, '-e', 'setInterval(() => {}, 1000)', mark] as const
  const request = { command, env: {}, dir: folder, cwd: dir, onOutput: () => {} }
  await expect(startPodProcess(request)).rejects.toThrow('EISDIR')
  await vi.waitFor(() => expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(mark), patient)
})

test('a leftover process of this folder is killed', async () => {
  const { process } = await start(`setInterval(() => {}, 1000)`)
  expect(await killLeftovers(podsDir)).toBe(1)
  expect(await process.ended).toEqual({ exitCode: 137, signal: 9 })
})

test('a process that only has the number of a leftover is left alone', async () => {
  const other = join(podsDir, 'other')
  const record = join(await makeContainer(other), 'process')
  await writeFile(record, renderRecord({ pid: process.pid, startTime: '1' }))
  expect(await killLeftovers(other)).toBe(0)
  expect(existsSync(record)).toBe(false)
})

test('a file of a volume that looks like a record is none', async () => {
  const volume = join(podsDir, 'uid', 'volumes', 'data')
  await mkdir(volume, { recursive: true })
  const { process: child } = await start(`setInterval(() => {}, 1000)`)
  await rename(join(dir, 'process'), join(volume, 'process'))
  expect(await killLeftovers(podsDir)).toBe(0)
  expect(processStartTime(child.pid)).toBeDefined()
  expect(existsSync(join(volume, 'process'))).toBe(true)
  child.signal('SIGKILL')
  await child.ended
})
