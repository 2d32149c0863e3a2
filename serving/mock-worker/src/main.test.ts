import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'

const program = join(import.meta.dirname, '../bin/nexus-model-worker')
const nim = { WORKER_DRESS: 'nim', WORKER_IMAGE: 'nvcr.io/nim/meta/llama:1.0' }

/** Runs the program to its end. */
function run(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      { env: { PATH: process.env['PATH'], PORT: '0', ...env } },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode, output: stdout + stderr })
      },
    )
  })
}

test('a bad environment ends with 78 and every problem', async () => {
  const { code, output } = await run({ WORKER_DELAY_MS: 'x', WORKER_FAIL_RATE: '7' })
  expect(code).toBe(78)
  expect(output).toContain('WORKER_DELAY_MS')
  expect(output).toContain('WORKER_FAIL_RATE')
})

test('a NIM without a key ends with 1 and says so', async () => {
  const { code, output } = await run(nim)
  expect(code).toBe(1)
  expect(output).toContain('NGC_API_KEY is not set')
})

test('a NIM with a key of another form ends with 1 and does not print it', async () => {
  const { code, output } = await run({ ...nim, NGC_API_KEY: 'legacy-secret' })
  expect(code).toBe(1)
  expect(output).toContain('must start with nvapi-')
  expect(output).not.toContain('legacy-secret')
})

test('started through a link it serves, and SIGTERM ends it with 0', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mock-worker-'))
  await symlink(program, join(folder, 'worker'))
  const env = {
    PATH: process.env['PATH'],
    PORT: '0',
    ...nim,
    WORKER_STARTUP_DELAY_MS: '0',
    NGC_API_KEY: 'nvapi-test-1',
  }
  const child = spawn(join(folder, 'worker'), { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    if (line.includes('"Ready"')) child.kill('SIGTERM')
  }
  if (child.exitCode === null) await once(child, 'exit')
  await rm(folder, { recursive: true })
  expect(child.exitCode).toBe(0)
  expect(lines.join('\n')).toContain('"Listening"')
  expect(lines.join('\n')).not.toContain('nvapi-test-1')
})
