import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { TEST_KEY } from './testing/running.ts'
import { eventually } from './testing/loopback.ts'

const FAIL = 'data:text/javascript,process.on("SIGUSR2",()=>{'

/** The gateway's program with a fault planted that SIGUSR2 sets off; it ends with the test. */
async function startWith(fault: string) {
  const { PATH = '', HOME = '' } = process.env
  const flags = ['--conditions=@nexus/source', `--import=${FAIL}${encodeURIComponent(fault)}})`]
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, 'main.ts')], {
    env: { PATH, HOME, GATEWAY_PORT: '0', GATEWAY_API_KEYS: TEST_KEY, GATEWAY_UPSTREAMS: 'w=mock://local' },
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)))
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  await eventually(() => output.stdout).toContain('"listening"')
  return { child, output, exited }
}

describe('the process', () => {
  test.each([
    ['a rejection that nobody handles', 'void Promise.reject(new Error("planted"))'],
    ['an exception that nobody catches', 'setImmediate(() => { throw new Error("planted") })'],
  ])('ends at %s, and says what it was, rather than going on in a state that nobody knows', async (_name, fault) => {
    const { child, output, exited } = await startWith(fault)
    child.kill('SIGUSR2')
    expect(await exited).toEqual([1, null])
    await eventually(() => output.stderr).toContain('planted')
  })

  test('has no handler that would hide such a failure, and is a single one: it starts no process, worker or cluster', async () => {
    const findings: string[] = []
    let files = 0
    for await (const file of glob('**/*.ts', { cwd: import.meta.dirname })) {
      if (file.endsWith('.test.ts') || file.split('/').includes('testing')) continue
      files++
      const text = await readFile(join(import.meta.dirname, file), 'utf8')
      const found = /unhandledRejection|uncaughtException|node:(cluster|child_process|worker_threads)/.exec(text)
      if (found !== null) findings.push(`${file}: ${found[0]}`)
    }
    expect(files).toBeGreaterThan(100)
    expect(findings).toEqual([])
  })
})
