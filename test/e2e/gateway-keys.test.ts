import { Kinds, refTo } from '@nexus/kube'
import { createNodeKubeClient, loadKubeConfig, podLogs } from '@nexus/kube/node'
import { eventually } from '@nexus/kube/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestCluster } from './clusters/cluster.ts'
import { describeOnClusters } from './clusters/index.ts'
import { nexusBin } from './clusters/paths.ts'
import { run } from './clusters/run.ts'
import type { Ran } from './clusters/run.ts'

const NVIDIA_KEY = 'nvapi-test-0123456789abcdefghij'

await describeOnClusters('the keys of the gateway', (start) => {
  let cluster: TestCluster
  let kube: ReturnType<typeof createNodeKubeClient>
  /** Every key that was made: none of them may be found anywhere. */
  const made: string[] = []

  const keys = (...args: string[]): Promise<Ran> => run(nexusBin, ['gateway', 'keys', ...args], { env: cluster.env })

  async function makeKey(...args: string[]): Promise<string> {
    const ran = await keys(...args)
    expect(ran, ran.stderr).toMatchObject({ code: 0 })
    const key = ran.stdout.trim()
    expect(key).toMatch(/^nxg_[\w-]{43}$/)
    made.push(key)
    return key
  }

  /** The status of a chat, and the code of its error. */
  async function chat(key: string, model = 'demo/llama'): Promise<string> {
    const response = await fetch(`${cluster.gatewayUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
    })
    const text = await response.text()
    const [, code = ''] = /"code":"(\w+)"/.exec(text) ?? []
    return `${response.status} ${response.ok ? 'ok' : code}`
  }

  async function storedDocument(): Promise<string> {
    const secret = await kube.get(refTo(Kinds.Secret, { name: 'nexus-gateway-keys', namespace: 'nexus' }))
    return Buffer.from(secret.data?.['keys.yaml'] ?? '', 'base64').toString()
  }

  beforeAll(async () => {
    cluster = await start()
    kube = createNodeKubeClient(await loadKubeConfig({ path: cluster.kubeconfig, env: {} }))
    const deploy = ['deploy', 'llama-3.1-8b-instruct', '--name', 'llama', '-n', 'demo', '--wait', '--api-key-stdin']
    const ran = await run(nexusBin, deploy, { env: cluster.env, input: `${NVIDIA_KEY}\n` })
    expect(ran).toMatchObject({ code: 0 })
    await eventually(async () => expect(await chat(cluster.gatewayKey)).toBe('200 ok'))
  })

  afterAll(async () => {
    await kube?.close()
    await cluster?.stop()
  })

  test('a key that was made opens its project without a restart, and a revoked one nothing', async () => {
    const key = await makeKey('create', 'app', '--projects', 'demo')
    await eventually(async () => expect(await chat(key)).toBe('200 ok'))
    expect((await keys('list')).stdout).toMatch(/app +nxg_\S+ +active +demo +all/)
    expect(await keys('revoke', 'app')).toMatchObject({ code: 6 })
    expect(await chat(key)).toBe('200 ok')
    expect(await keys('revoke', 'app', '--yes')).toMatchObject({ code: 0, stdout: 'key app revoked\n' })
    await eventually(async () => expect(await chat(key)).toBe('401 invalid_api_key'))
    expect(await chat(cluster.gatewayKey)).toBe('200 ok')
  })

  test('a key reaches the models and projects of its policy alone', async () => {
    const noProject = await makeKey('create', 'no-project')
    const otherModel = await makeKey('create', 'other-model', '--projects', 'demo', '--models', 'another')
    await eventually(async () => expect(await chat(noProject)).toBe('404 model_not_found'))
    await eventually(async () => expect(await chat(otherModel)).toBe('403 model_not_allowed'))
  })

  test('a rotated key works beside the old one, and in its place when there is no overlap', async () => {
    const first = await makeKey('create', 'rotating', '--projects', '*')
    const second = await makeKey('rotate', 'rotating')
    await eventually(async () =>
      expect(await Promise.all([first, second].map((key) => chat(key)))).toEqual(['200 ok', '200 ok']),
    )
    const third = await makeKey('rotate', 'rotating', '--overlap', '0')
    await eventually(async () => expect(await chat(third)).toBe('200 ok'))
    expect(await Promise.all([first, second].map((key) => chat(key)))).toEqual([
      '401 invalid_api_key',
      '401 invalid_api_key',
    ])
  })

  test('keys made at the same time are all there', async () => {
    const names = ['one', 'two', 'three', 'four']
    await Promise.all(names.map((name) => makeKey('create', name)))
    const listed = (await keys('list', '-o', 'name')).stdout.trim().split('\n')
    expect(listed).toEqual(expect.arrayContaining(names))
  })

  test('a dry run and a refusal write nothing', async () => {
    const before = await storedDocument()
    expect(await keys('create', 'dry', '--dry-run')).toMatchObject({ code: 0, stdout: 'key dry made (dry run)\n' })
    expect(await keys('create', 'one')).toMatchObject({ code: 6, stdout: '' })
    expect(await keys('create', 'odd', '--expires', 'soon')).toMatchObject({ code: 2, stdout: '' })
    expect(await keys('rotate', 'nobody')).toMatchObject({ code: 3, stdout: '' })
    expect(await storedDocument()).toBe(before)
  })

  test('no key is stored, listed or logged', async () => {
    const pods = await kube.list({ kind: Kinds.Pod, namespace: 'nexus', labelSelector: 'app=nexus-gateway' })
    const logs = await Promise.all(pods.items.map((pod) => logOf(pod.metadata.name)))
    expect(logs.join('')).toContain('keys')
    const seen = [await storedDocument(), (await keys('list', '-o', 'json')).stdout, ...logs].join('\n')
    expect(made.length).toBeGreaterThan(5)
    expect(made.filter((key) => seen.includes(key))).toEqual([])
  })

  async function logOf(pod: string): Promise<string> {
    const lines: string[] = []
    for await (const line of podLogs(kube, { namespace: 'nexus', pod })) lines.push(line)
    return lines.join('\n')
  }
})
