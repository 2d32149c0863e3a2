import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { Kinds } from '@nexus/kube'
import type { Kind } from '@nexus/kube'
import type { TestCluster } from './clusters/cluster.ts'
import { nexusBin } from './clusters/paths.ts'
import { run } from './clusters/run.ts'
import { startSandboxCluster } from './clusters/sandbox.ts'

const KEY = 'nvapi-test-0123456789abcdefghij'
const MODEL = 'llama-3.1-8b-instruct'

describe('bad input', () => {
  let cluster: TestCluster

  beforeAll(async () => {
    cluster = await startSandboxCluster()
  })

  afterAll(async () => {
    await cluster?.stop()
  })

  test.each([
    {
      what: 'an unknown model',
      args: ['lama-3.1-8b-instruct', '--name', 'x'],
      says: [/llama-3\.1-8b-instruct/],
      code: 3,
    },
    { what: 'an unknown tag', args: [`${MODEL}:9.9.9`, '--name', 'x'], says: [/9\.9\.9/, /1\.8/], code: 3 },
    { what: 'a key that is not nvapi-', args: [MODEL, '--name', 'x'], key: 'abcdefgh12345', says: [/nvapi-/], code: 2 },
    { what: 'an empty key', args: [MODEL, '--name', 'x'], key: '', says: [/key/i], code: 2 },
    {
      what: 'a revoked key',
      args: [MODEL, '--name', 'x'],
      key: 'nvapi-test-revoked-0123456789',
      says: [/401|expired|revoked/],
      code: 4,
    },
    { what: 'an invalid name', args: [MODEL, '--name', 'Llama_3'], says: [/lower-case/, /llama-3/], code: 2 },
    { what: 'a name that is too long', args: [MODEL, '--name', 'a'.repeat(54)], says: [/53/], code: 2 },
    {
      what: 'a missing project',
      args: [MODEL, '--name', 'x', '-n', 'nowhere'],
      says: [/nowhere/, /--create-namespace/],
      code: 3,
    },
    { what: 'a size that is none', args: [MODEL, '--name', 'x', '--storage', 'much'], says: [/much/], code: 2 },
  ])('deploy refuses $what', async ({ args, key = KEY, says, code }) => {
    const ran = await run(nexusBin, ['deploy', ...args, '--api-key-stdin'], { env: cluster.env, input: key })
    for (const words of says) expect(ran.stderr).toMatch(words)
    expect(ran.stderr).toMatch(/next:/)
    expect(ran.stderr).not.toMatch(/\n\s+at /) // no stack
    if (key !== '') expect(ran.stdout + ran.stderr).not.toContain(key)
    expect(ran.code).toBe(code)
  })

  test('nothing half-made is left behind', async () => {
    const kube = createNodeKubeClient(await loadKubeConfig({ path: cluster.kubeconfig, env: {} }))
    const kinds: Kind[] = [Kinds.Secret, Kinds.PersistentVolumeClaim, Kinds.ServingRuntime]
    const lists = await Promise.all(kinds.map((kind) => kube.list({ kind, namespace: 'demo' })))
    await kube.close()
    expect(lists.flatMap((list) => list.items)).toEqual([])
  })

  test.each([
    { what: 'a deployment that is not there', args: ['describe', 'ghost', '-n', 'demo'], says: /ghost/, code: 3 },
    { what: 'a deletion of nothing', args: ['delete', 'ghost', '-n', 'demo', '--yes'], says: /ghost/, code: 3 },
    { what: 'logs of nothing', args: ['logs', 'ghost', '-n', 'demo'], says: /ghost/, code: 3 },
    { what: 'an unknown command', args: ['deplyo'], says: /deploy/, code: 2 },
    {
      what: 'one port for two servers',
      args: ['up', '--api-port', '7', '--gateway-port', '7'],
      says: /both 7/,
      code: 2,
    },
    { what: 'an unknown flag', args: ['list', '--nope'], says: /--nope/, code: 2 },
    { what: 'an unknown context', args: ['list', '--context', 'nope'], says: /nope/, code: 1 },
    { what: 'a chat with nobody', args: ['chat', 'ghost', '-n', 'demo', 'hello'], says: /ghost/, code: 3 },
  ])('$what is explained', async ({ args, says, code }) => {
    const ran = await run(nexusBin, args, { env: cluster.env })
    expect(ran.stderr).toMatch(says)
    expect(ran.stderr).not.toMatch(/\n\s+at /)
    expect(ran.code).toBe(code)
  })

  test('no cluster at all names the way to one', async () => {
    const home = await mkdtemp(join(tmpdir(), 'nexus-nowhere-'))
    const ran = await run(nexusBin, ['list'], { env: { HOME: home } })
    await rm(home, { recursive: true, force: true })
    expect(ran.stderr).toMatch(/No cluster/)
    expect(ran.stderr).toMatch(/nexus up/)
    expect(ran.code).toBe(1)
  })

  test('a cluster that does not answer is named, with what to do', async () => {
    const kubeconfig = join(cluster.env['HOME'] ?? '', 'dead.kubeconfig')
    const dead = {
      clusters: [{ name: 'dead', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'dead', user: { token: 'none' } }],
      contexts: [{ name: 'dead', context: { cluster: 'dead', user: 'dead' } }],
      'current-context': 'dead',
    }
    await writeFile(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...dead }))
    const ran = await run(nexusBin, ['list', '--kubeconfig', kubeconfig], { env: cluster.env })
    expect(ran.stderr).toMatch(/127\.0\.0\.1:1/)
    expect(ran.stderr).toMatch(/next:/)
    expect(ran.code).toBe(1)
  })
})
