import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFolder } from './folder-lock.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nexus-lock-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

test('a folder is locked once, until it is released', () => {
  const lock = lockFolder(dir)
  expect(lock).toBeDefined()
  expect(lockFolder(dir)).toBeUndefined()
  lock?.release()
  const next = lockFolder(dir)
  expect(next).toBeDefined()
  next?.release()
})

test('another process cannot lock it, and its lock goes with it when it is killed', async () => {
  const holder = await startHolder()
  try {
    expect(lockFolder(dir)).toBeUndefined()
  } finally {
    holder.kill('SIGKILL')
    await once(holder, 'close')
  }
  const lock = lockFolder(dir)
  expect(lock).toBeDefined()
  lock?.release()
})

async function startHolder(): Promise<ChildProcess> {
  const script = `import { lockFolder } from '${new URL('./folder-lock.ts', import.meta.url).href}'
    console.log(lockFolder(process.argv[1]) ? 'locked' : 'refused'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  expect(String(await once(child.stdout, 'data'))).toBe('locked\n')
  return child
}
