import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  defaultSandboxDir,
  readSandboxCredentials,
  readSandboxState,
  removeSandboxState,
  sandboxCredentials,
  writeSandboxState,
} from './state.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nexus-state-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const served = {
  apiUrl: 'https://127.0.0.1:16443',
  gatewayUrl: 'http://127.0.0.1:18000',
  ngcUrl: 'http://127.0.0.1:18001',
  kubeconfig: '/tmp/kubeconfig',
}

async function rewriteState(change: object): Promise<void> {
  const file = join(dir, 'sandbox.json')
  const state: unknown = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(file, JSON.stringify({ ...Object(state), ...change }))
}

describe('the state of a sandbox', () => {
  test('is read back while its process runs, and gone once it is removed', async () => {
    await writeSandboxState(dir, served)
    expect(await readSandboxState(dir)).toMatchObject({ ...served, pid: process.pid })
    await removeSandboxState(dir)
    expect(await readSandboxState(dir)).toBeUndefined()
  })

  test('does not count when another process has the number of the one that wrote it', async () => {
    await writeSandboxState(dir, served)
    await rewriteState({ processStart: '1' })
    expect(await readSandboxState(dir)).toBeUndefined()
  })

  test('does not count when its process is gone', async () => {
    await writeSandboxState(dir, served)
    // Above the largest number that a process can have.
    await rewriteState({ pid: 2 ** 22 + 1, processStart: undefined })
    expect(await readSandboxState(dir)).toBeUndefined()
  })

  test.each(['', '{"pid":', '{"pid":"1"}'])('does not count when its file holds %j', async (content) => {
    await writeFile(join(dir, 'sandbox.json'), content)
    expect(await readSandboxState(dir)).toBeUndefined()
  })

  test('holds no key', async () => {
    const { adminToken, gatewayKey } = await sandboxCredentials(dir)
    await writeSandboxState(dir, served)
    const text = await readFile(join(dir, 'sandbox.json'), 'utf8')
    expect(text).not.toContain(adminToken.reveal())
    expect(text).not.toContain(gatewayKey.reveal())
  })
})

describe('the credentials of a sandbox', () => {
  test('are made once, and only their owner can read them', async () => {
    expect(await readSandboxCredentials(dir)).toBeUndefined()
    const made = await sandboxCredentials(dir)
    const again = await sandboxCredentials(dir)
    expect(again.adminToken.reveal()).toBe(made.adminToken.reveal())
    expect(again.gatewayKey.reveal()).toBe(made.gatewayKey.reveal())
    expect((await stat(join(dir, 'credentials.json'))).mode & 0o777).toBe(0o600)
    expect(await readdir(dir)).toEqual(['credentials.json'])
  })

  test('do not show themselves in JSON', async () => {
    const made = await sandboxCredentials(dir)
    expect(JSON.stringify(made)).not.toContain(made.gatewayKey.reveal())
  })
})

test.each([
  { env: { XDG_STATE_HOME: '/state', HOME: '/home/a' }, expected: '/state/nexus/sandbox' },
  { env: { HOME: '/home/a' }, expected: '/home/a/.local/state/nexus/sandbox' },
  { env: { XDG_STATE_HOME: '', HOME: '/home/a' }, expected: '/home/a/.local/state/nexus/sandbox' },
  { env: { XDG_STATE_HOME: 'state', HOME: '/home/a' }, expected: '/home/a/.local/state/nexus/sandbox' },
  { env: { HOME: '' }, expected: join(homedir(), '.local/state/nexus/sandbox') },
])('with $env a sandbox is kept in $expected', ({ env, expected }) => {
  expect(defaultSandboxDir(env)).toBe(expected)
})
