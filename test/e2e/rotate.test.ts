import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Kinds } from '@nexus/kube'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { eventually, startFaultProxy } from '@nexus/kube/testing'
import type { Fault, FaultProxy } from '@nexus/kube/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestCluster } from './clusters/cluster.ts'
import { describeOnClusters } from './clusters/index.ts'
import { pointedAt } from './clusters/kubeconfig.ts'
import { nexusBin } from './clusters/paths.ts'
import { run } from './clusters/run.ts'
import type { Ran } from './clusters/run.ts'

const FIRST = 'nvapi-test-first-0123456789abcd'
const SECOND = 'nvapi-test-second-0123456789wxyz'
/** Writes of a rotation that replaces pods by the deployment's own strategy. */
const WRITES = ['the rotation', 'the key', 'the pull Secret', 'the InferenceService', 'the end'] as const

await describeOnClusters('rotating a key', (start) => {
  let cluster: TestCluster
  let kube: ReturnType<typeof createNodeKubeClient>
  let proxy: FaultProxy
  let throughProxy: string

  const gateway = (): Record<string, string> => ({
    NEXUS_GATEWAY_URL: cluster.gatewayUrl,
    NEXUS_API_KEY: cluster.gatewayKey,
  })

  const nexus = (args: readonly string[], input?: string): Promise<Ran> =>
    run(nexusBin, args, { env: { ...cluster.env, ...gateway() }, ...(input !== undefined && { input }) })

  const rotate = (key: string, ...more: string[]): Promise<Ran> =>
    nexus(['rotate-key', 'llama', '-n', 'keys', '--api-key-stdin', ...more], key)

  /** What the deployment holds, and what is left of a rotation. */
  async function state(): Promise<{ key: string; pull: string; rotations: string[]; strategy: unknown }> {
    const { items } = await kube.list({ kind: Kinds.Secret, namespace: 'keys' })
    const held = (name: string): string =>
      atob(Object.values(items.find(({ metadata }) => metadata.name === name)?.data ?? {})[0] ?? '')
    const isvc = await kube.get({ kind: Kinds.InferenceService, name: 'llama', namespace: 'keys' })
    return {
      key: held('nim-api-key-llama'),
      pull: /nvapi-[\w-]+/.exec(held('nim-image-pull-llama'))?.[0] ?? '',
      rotations: items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('nim-key-rotation')),
      strategy: isvc.spec.predictor.deploymentStrategy,
    }
  }

  async function podsCreated(): Promise<string[]> {
    const { items } = await kube.list({ kind: Kinds.Pod, namespace: 'keys' })
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name)
  }

  beforeAll(async () => {
    cluster = await start()
    const access = await loadKubeConfig({ path: cluster.kubeconfig, env: {} })
    kube = createNodeKubeClient(access)
    proxy = await startFaultProxy(access)
    throughProxy = join(cluster.env['HOME'] ?? '', 'through-proxy.kubeconfig')
    await writeFile(throughProxy, await pointedAt(cluster.kubeconfig, proxy.access.server))
    const deployed = await nexus(
      [
        'deploy',
        'llama-3.1-8b-instruct',
        '--name',
        'llama',
        '-n',
        'keys',
        '--create-namespace',
        '--api-key-stdin',
        '--wait',
      ],
      FIRST,
    )
    expect(deployed.stderr).not.toContain('error')
  })

  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await kube?.close()
    await cluster?.stop()
  })

  test('replaces the pods once while clients are answered, and nothing of the old key is left', async () => {
    const before = await podsCreated()
    const stop = new AbortController()
    const failures = chatUntil(stop.signal, cluster)
    const rotated = await rotate(SECOND)
    stop.abort()
    expect(rotated.stderr).not.toContain('error')
    expect(rotated).toMatchObject({ code: 0, stdout: 'inferenceservice/llama has the key\n' })
    expect(rotated.stderr).toContain('A second copy fits beside the first')
    expect(rotated.stderr).toContain('it answers a request')
    expect(await failures).toEqual([])
    const { strategy: _, ...held } = await state()
    expect(held).toEqual({ key: SECOND, pull: SECOND, rotations: [] })
    await eventually(async () => {
      const after = await podsCreated()
      expect(after).toHaveLength(before.length)
      expect(after.filter((name) => before.includes(name))).toEqual([])
    })
    expect(rotated.stdout + rotated.stderr).not.toMatch(/first-0123|second-0123/)
    const again = await rotate(SECOND)
    expect(again).toMatchObject({ code: 0, stdout: 'inferenceservice/llama has this key already\n' })
  })

  test('refuses before anything is written, each time in its own words', async () => {
    for (const [key, code, words] of [
      ['nvapi-test-0123456789-revoked', 4, 'NVIDIA does not accept this key'],
      ['nvapi-test-0123456789-forbidden', 4, 'may not be used for NIM'],
      ['nvapi-test-0123456789-unavailable', 1, 'HTTP 503'],
      ['hello', 2, 'not a personal NVIDIA key'],
    ] as const) {
      const ran = await rotate(key)
      expect(ran.code, key).toBe(code)
      expect(ran.stderr).toContain(words)
      expect(ran.stderr).not.toContain('0123456789-')
    }
    const unknown = await nexus(['rotate-key', '--undo', 'rot-none', '-n', 'keys'])
    expect(unknown.code).toBe(3)
    const twice = await nexus(['rotate-key', 'llama', '--resume', 'x', '-n', 'keys'])
    expect(twice.code).toBe(2)
    expect(await state()).toMatchObject({ key: SECOND, rotations: [] })
  })

  test('a full cluster is seen before it starts, and the outage is chosen', { timeout: 300_000 }, async () => {
    const [node] = (await kube.list({ kind: Kinds.Node })).items
    const name = node?.metadata.name ?? ''
    await kube.patch({ kind: Kinds.Node, name }, { type: 'merge', body: { spec: { unschedulable: true } } })
    const refused = await rotate(FIRST)
    expect(refused.code).toBe(6)
    expect(refused.stderr).toContain(`node ${name}: it is cordoned`)
    expect(refused.stderr).toContain('--strategy recreate: Nobody who uses it is answered for about')
    expect(await state()).toMatchObject({ key: SECOND, pull: SECOND, rotations: [] })
    await kube.patch({ kind: Kinds.Node, name }, { type: 'merge', body: { spec: { unschedulable: null } } })
    const { strategy } = await state()
    expect(await rotate(FIRST, '--strategy', 'recreate')).toMatchObject({ code: 0 })
    expect(await state()).toEqual({ key: FIRST, pull: FIRST, rotations: [], strategy })
  })

  test('by labels stops at the first failure and says what was done and what was not', async () => {
    const args = ['deploy', 'phi-3-mini-4k-instruct', '-n', 'keys', '--api-key-stdin', '--name']
    await nexus([...args, 'aaa'], FIRST)
    await nexus([...args, 'bbb'], FIRST)
    await nexus([...args, 'ccc'], FIRST)
    for (const name of ['aaa', 'bbb', 'ccc']) {
      const body = { metadata: { labels: { team: 'red' }, annotations: { 'serving.kserve.io/stop': 'true' } } }
      await kube.patch({ kind: Kinds.InferenceService, name, namespace: 'keys' }, { type: 'merge', body })
    }
    await kube.delete({ kind: Kinds.Secret, name: 'nim-image-pull-bbb', namespace: 'keys' })
    const ran = await nexus(['rotate-key', '-l', 'team=red', '-n', 'keys', '--api-key-stdin', '-o', 'json'], SECOND)
    expect(ran.code).toBe(6)
    expect(JSON.parse(ran.stdout)).toMatchObject([
      { name: 'aaa', outcome: 'rotated' },
      { name: 'bbb', outcome: 'failed' },
      { name: 'ccc', outcome: 'not begun' },
    ])
    expect(ran.stderr).toContain('nexus migrate -n keys -d bbb')
  })

  test(
    'ended by SIGKILL before or after any write it loses no key, and the same command ends it',
    { timeout: 600_000 },
    async () => {
      const keys = [SECOND, FIRST] as const
      let turn = 0
      for (const [write, which] of WRITES.entries()) {
        for (const fault of ['held', 'held-answer'] as const) {
          const next = keys[turn++ % 2] ?? FIRST
          const old = (await state()).key
          expect(old).not.toBe(next)
          await killAt({ write, fault, key: next })
          const killed = await state()
          expect([old, next], `${fault} ${which}`).toContain(killed.key)
          if (killed.rotations.length === 0) expect(killed.pull).toBe(killed.key)
          else expect(await keptKey(), `${fault} ${which}`).toBe(old)
          const ended = turn % 3 === 0 && killed.rotations.length > 0 ? await resumeOpen() : await rotate(next)
          expect(ended.stderr, `${fault} ${which}`).not.toContain('error')
          expect(await state()).toMatchObject({ key: next, pull: next, rotations: [] })
        }
      }
    },
  )

  test('ended by SIGKILL in the middle it can be undone', { timeout: 300_000 }, async () => {
    const { key: old } = await state()
    const next = old === FIRST ? SECOND : FIRST
    await killAt({ write: 3, fault: 'held-answer', key: next })
    const undone = await nexus(['rotate-key', '--undo', await openId(), '-n', 'keys'])
    expect(undone.stderr).not.toContain('error')
    expect(undone.stdout).toBe('inferenceservice/llama has its old key again\n')
    expect(await state()).toMatchObject({ key: old, pull: old, rotations: [] })
    expect((await nexus(['chat', 'llama', '-n', 'keys', 'still there?'])).stdout).toContain('still there?')
  })

  async function resumeOpen(): Promise<Ran> {
    return nexus(['rotate-key', '--resume', await openId(), '-n', 'keys'])
  }

  /** The old key, as the open rotation keeps it. */
  async function keptKey(): Promise<string> {
    const { data } = await kube.get({ kind: Kinds.Secret, name: 'nim-key-rotation-llama', namespace: 'keys' })
    return atob(/"NGC_API_KEY":"([^"]+)"/.exec(atob(data?.['previous'] ?? ''))?.[1] ?? '')
  }

  async function openId(): Promise<string> {
    const { metadata } = await kube.get({ kind: Kinds.Secret, name: 'nim-key-rotation-llama', namespace: 'keys' })
    return metadata.labels?.['nexus.dev/key-rotation'] ?? ''
  }

  /** Starts a rotation and ends its process, as a crash does, when it waits for this write. */
  async function killAt({ write, fault, key }: { write: number; fault: Fault; key: string }): Promise<void> {
    proxy.restart({ write, fault })
    const child = spawn(nexusBin, ['rotate-key', 'llama', '-n', 'keys', '--api-key-stdin'], {
      env: { PATH: process.env['PATH'], ...cluster.env, ...gateway(), KUBECONFIG: throughProxy },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    child.stdin.end(key)
    const exited = once(child, 'exit')
    await eventually(() => expect(proxy.requests.some(({ isHeld }) => isHeld === true)).toBe(true), 100_000)
    child.kill('SIGKILL')
    await exited
    proxy.restart()
  }
})

/**
 * Chats until it is told to stop, as OpenAI's own clients do, which try a 5xx again twice: an old pod may be asked in the
 * moment between its end and the news of it. Resolves with what went wrong all the same.
 */
async function chatUntil(signal: AbortSignal, cluster: TestCluster): Promise<string[]> {
  const failures: string[] = []
  while (!signal.aborted) {
    const failure = (await chatOnce(cluster)) && (await chatOnce(cluster)) && (await chatOnce(cluster))
    if (failure !== undefined) failures.push(failure)
    // The gateway allows a key sixty requests in a minute.
    await delay(1500)
  }
  return failures
}

/** What went wrong, or undefined. */
async function chatOnce({ gatewayUrl, gatewayKey }: TestCluster): Promise<string | undefined> {
  const response = await fetch(`${gatewayUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gatewayKey}` },
    body: JSON.stringify({ model: 'keys/llama', messages: [{ role: 'user', content: 'hello' }] }),
  })
  const text = await response.text()
  if (response.ok) return undefined
  await delay(500)
  return `${response.status} ${text}`
}
