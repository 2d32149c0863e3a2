import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasProgram } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const KEY = 'nvapi-test-0123456789abcdefghij'
const root = join(import.meta.dirname, '..', '..', '..')
const script = join(root, 'ops', 'migrate_nim_deployment.sh')
const nexus = join(root, 'packages', 'cli', 'bin', 'nexus')

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(program: string, args: readonly string[], env: Record<string, string> = {}, input = ''): Ended {
  const base = { PATH: process.env['PATH'] ?? '', HOME: tmpdir() }
  return spawnSync(program, args, { encoding: 'utf8', env: { ...base, ...env }, input })
}

describe('ops/migrate_nim_deployment.sh', () => {
  let dir: string
  let recorder: string

  /** In the place of `nexus`: writes down its arguments and its input. */
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'nexus-script-'))
    recorder = join(dir, 'nexus')
    writeFileSync(recorder, `#!/bin/sh\nprintf '%s\\n' "$*" > '${dir}/args'\ncat > '${dir}/input'\nexit 6\n`)
    chmodSync(recorder, 0o755)
  })

  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  test.each([
    { args: [], says: 'a namespace is needed' },
    { args: ['-n'], says: '-n needs a value' },
    { args: ['-n', 'demo'], says: 'a deployment is needed' },
    { args: ['-n', 'demo', '-d', 'llama'], says: 'a key is needed' },
    { args: ['-n', 'demo', '-d', 'llama', '-k', KEY, '--reuse-key'], says: 'not both' },
    { args: ['--frobnicate'], says: 'unknown option: --frobnicate' },
    { args: ['-h'], says: 'Usage:' },
  ])('ends with 1 and says why: $says', ({ args, says }) => {
    const { status, stdout, stderr } = run(script, args)
    expect(status).toBe(1)
    expect(stdout + stderr).toContain(says)
    expect(stdout + stderr).not.toContain(KEY)
  })

  test.each([
    { args: '-n demo -d llama --reuse-key', calls: 'migrate -n demo -d llama --reuse-key', key: '' },
    {
      args: `--namespace demo --deployment llama --api-key ${KEY} --dry-run`,
      calls: 'migrate -n demo -d llama --api-key-stdin --dry-run',
      key: `${KEY}\n`,
    },
    { args: '-n demo -d llama -k -', calls: 'migrate -n demo -d llama --api-key-stdin', key: 'given' },
    { args: `-n demo --cleanup -d llama -k ${KEY}`, calls: 'migrate -n demo --cleanup --yes', key: 'given' },
    { args: '-n demo --cleanup --dry-run', calls: 'migrate -n demo --cleanup --yes --dry-run', key: 'given' },
  ])('calls nexus with no key among its arguments: $args', ({ args, calls, key }) => {
    const input = key === 'given' ? key : ''
    const { status, stderr } = run(script, args.split(' '), { NEXUS_BIN: recorder }, input)
    expect(status).toBe(6) // what nexus ends with
    expect(readFileSync(join(dir, 'args'), 'utf8')).toBe(`${calls}\n`)
    expect(readFileSync(join(dir, 'input'), 'utf8')).toBe(key)
    expect(stderr).not.toContain(KEY)
  })

  test('passes shellcheck', ({ skip }) => {
    skip(!hasProgram('shellcheck'), 'needs shellcheck')
    expect(run('shellcheck', [script])).toMatchObject({ status: 0, stdout: '' })
  })
})

describe('nexus migrate without a cluster', () => {
  test.each([
    { args: [], says: 'Which deployment' },
    { args: ['-d', 'llama', '-k', KEY, '--reuse-key'], says: 'more than one way' },
    { args: ['-d', 'llama', '-k', KEY, '--api-key-stdin'], says: 'more than one way' },
    { args: ['-d', 'llama', '-k', 'sk-0123456789'], says: 'not a personal NVIDIA key' },
    { args: ['-d', 'llama', '--timeout', 'soon'], says: 'whole number' },
  ])('is refused with 2: $says', ({ args, says }) => {
    const { status, stdout, stderr } = run(nexus, ['migrate', '-n', 'demo', ...args])
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain(says)
    expect(stderr).not.toMatch(/nvapi-test|sk-0123/)
  })
})
