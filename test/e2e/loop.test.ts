import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { isNotFound, Kinds, refTo } from '@nexus/kube'
import type { Kind, KubeObject } from '@nexus/kube'
import { eventually, hasProgram } from '@nexus/kube/testing'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestCluster } from './clusters/cluster.ts'
import { describeOnClusters } from './clusters/index.ts'
import { nexusBin } from './clusters/paths.ts'
import { run } from './clusters/run.ts'
import type { Ran } from './clusters/run.ts'
import { workerMetric } from './worker-metric.ts'

const KEY = 'nvapi-test-0123456789abcdefghij'
const withoutKubectl = !hasProgram('kubectl')

await describeOnClusters('the whole loop', (start) => {
  let cluster: TestCluster
  let kube: ReturnType<typeof createNodeKubeClient>
  let openai: OpenAI

  const nexus = (...args: string[]): Promise<Ran> => run(nexusBin, args, { env: cluster.env })
  const deploy = (...args: string[]): Promise<Ran> =>
    run(nexusBin, ['deploy', ...args, '--api-key-stdin'], { env: cluster.env, input: `${KEY}\n` })
  const kubectl = (...args: string[]): Promise<Ran> => run('kubectl', args, { env: cluster.env })
  const modelIds = async (): Promise<string[]> => (await openai.models.list()).data.map((model) => model.id)
  const exists = <T extends KubeObject>(kind: Kind<T>, name: string, namespace = 'demo'): Promise<boolean> =>
    kube.get(refTo(kind, { name, namespace })).then(
      () => true,
      (error: unknown) => {
        if (isNotFound(error)) return false
        throw error
      },
    )

  beforeAll(async () => {
    cluster = await start()
    kube = createNodeKubeClient(await loadKubeConfig({ path: cluster.kubeconfig, env: {} }))
    openai = new OpenAI({ baseURL: `${cluster.gatewayUrl}/v1`, apiKey: cluster.gatewayKey, maxRetries: 0 })
  })

  afterAll(async () => {
    await kube?.close()
    await cluster?.stop()
  })

  test('the catalog has every model', async () => {
    const listed = await nexus('catalog', 'list', '-o', 'name')
    expect(listed.stderr).toBe('')
    expect(listed.stdout.trim().split('\n')).toHaveLength(186)
    expect((await nexus('catalog', 'show', 'llama-3.1-8b-instruct')).stdout).toContain('nim/meta')
  })

  test('the catalog follows kubectl edit', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    const editor = String.raw`sed -i s/"displayName\":\"Evo 2\""/"displayName\":\"Evo two\""/`
    const edited = await run('kubectl', ['edit', 'configmap', 'nim-models-data', '-n', 'nexus'], {
      env: { ...cluster.env, KUBE_EDITOR: editor },
    })
    expect(edited.stdout + edited.stderr).toContain('configmap/nim-models-data edited')
    expect((await nexus('catalog', 'show', 'evo2', '-o', 'json')).stdout).toContain('Evo two')
  })

  test('a dry run checks on the server and writes nothing', async () => {
    const ran = await deploy('llama-3.1-8b-instruct', '--name', 'llama', '-n', 'demo', '--dry-run')
    expect(ran).toMatchObject({ code: 0 })
    expect(await exists(Kinds.Secret, 'nim-api-key-llama')).toBe(false)
    expect(await exists(Kinds.InferenceService, 'llama')).toBe(false)
  })

  test('a deployment becomes Ready and its objects are there', async () => {
    const ran = await deploy('llama-3.1-8b-instruct', '--name', 'llama', '-n', 'demo', '--wait')
    expect(ran.stdout + ran.stderr).toMatch(/Ready/)
    expect(ran.code).toBe(0)
    expect(ran.stdout + ran.stderr).not.toContain(KEY)
    expect(await exists(Kinds.InferenceService, 'llama')).toBe(true)
    expect(await exists(Kinds.ServingRuntime, 'llama')).toBe(true)
    expect(await exists(Kinds.PersistentVolumeClaim, 'nim-pvc-llama')).toBe(true)
    expect(await exists(Kinds.Secret, 'nim-api-key-llama')).toBe(true)
    expect(await exists(Kinds.Secret, 'nim-image-pull-llama')).toBe(true)
    expect(await exists(Kinds.Deployment, 'llama-predictor')).toBe(true)
  })

  test('kubectl shows what nexus made', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    const kinds = 'inferenceservice,servingruntime,pvc,deployment'
    const names = (await kubectl('get', kinds, '-n', 'demo', '-o', 'name')).stdout.trim().split('\n').sort()
    expect(names).toEqual([
      'deployment.apps/llama-predictor',
      'inferenceservice.serving.kserve.io/llama',
      'persistentvolumeclaim/nim-pvc-llama',
      'servingruntime.serving.kserve.io/llama',
    ])
    const pods = await kubectl('get', 'pods', '-n', 'demo', '-l', 'serving.kserve.io/inferenceservice=llama')
    expect(pods.stdout).toMatch(/llama-predictor-\S+\s+1\/1\s+Running/)
    expect((await kubectl('describe', 'inferenceservice', 'llama', '-n', 'demo')).stdout).toContain('Type:')
    expect((await kubectl('logs', '-n', 'demo', 'deployment/llama-predictor')).stdout).toContain('Listening')
    const waited = await kubectl('wait', '--for=condition=Ready', 'isvc/llama', '-n', 'demo', '--timeout=30s')
    expect(waited.stdout).toContain('condition met')
  })

  test('the same deploy again is unchanged, another one is refused with what differs', async () => {
    const again = await deploy('llama-3.1-8b-instruct', '--name', 'llama', '-n', 'demo')
    expect(again).toMatchObject({ code: 0 })
    expect(again.stdout + again.stderr).toContain('unchanged')
    const other = await deploy('llama-3.1-8b-instruct', '--name', 'llama', '-n', 'demo', '--replicas', '2')
    expect(other.code).not.toBe(0)
    expect(other.stderr).toMatch(/eplicas/)
  })

  test('list, describe and logs tell of it', async () => {
    expect((await nexus('list', '-n', 'demo')).stdout).toMatch(/llama\s+llama-3.1-8b-instruct.*Ready/)
    expect((await nexus('list', '-A', '-o', 'json')).stdout).toContain('"name": "llama"')
    const described = (await nexus('describe', 'llama', '-n', 'demo')).stdout
    expect(described).toContain('nim-pvc-llama')
    expect(described).toContain('Ready')
    expect((await nexus('logs', 'llama', '-n', 'demo')).stdout).toContain('Listening')
    expect((await nexus('status')).stdout).toContain('186')
  })

  test.each(['demo/llama', 'meta/llama-3.1-8b-instruct'])('the openai client streams a chat with %s', async (model) => {
    await eventually(async () => expect(await modelIds()).toContain(model))
    const messages = [{ role: 'user', content: 'hello there' } as const]
    const stream = await openai.chat.completions.create({ model, messages, stream: true })
    const chunks: string[] = []
    for await (const chunk of stream) chunks.push(chunk.choices[0]?.delta.content ?? '')
    expect(chunks.join('')).toContain('hello there')
    expect(chunks.length).toBeGreaterThan(2)
    const plain = await openai.chat.completions.create({ model, messages })
    expect(plain.choices[0]?.message.content).toContain('hello there')
    expect(plain.usage?.total_tokens).toBeGreaterThan(0)
  })

  test('nexus chat streams the answer', async () => {
    const env = { ...cluster.env, NEXUS_GATEWAY_URL: cluster.gatewayUrl, NEXUS_API_KEY: cluster.gatewayKey }
    const ran = await run(nexusBin, ['chat', 'llama', '-n', 'demo', 'hello'], { env })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toContain('hello')
  })

  test('a client that leaves stops the generation', async () => {
    const aborted = (): Promise<number> => workerMetric(cluster, 'demo', 'llama', 'mock_worker_requests_aborted_total')
    const before = await aborted()
    const words = Array.from({ length: 400 }, (_, index) => `word${index}`).join(' ')
    const stream = await openai.chat.completions.create({
      model: 'demo/llama',
      messages: [{ role: 'user', content: words }],
      stream: true,
    })
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) break // leaving the loop closes the connection
    }
    await eventually(async () => expect(await aborted()).toBe(before + 1))
  })

  test('what kubectl applies alone is discovered, chats and goes', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    const applied = await run('kubectl', ['apply', '-f', '-'], { env: cluster.env, input: byHand })
    expect(applied.stderr).toBe('')
    expect(applied.code).toBe(0)
    await eventually(async () => expect(await modelIds()).toContain('demo/byhand'), 60_000)
    const answer = await openai.chat.completions.create({
      model: 'demo/byhand',
      messages: [{ role: 'user', content: 'by hand' }],
    })
    expect(answer.choices[0]?.message.content).toContain('by hand')
    await run('kubectl', ['delete', '-f', '-'], { env: cluster.env, input: byHand })
    await eventually(async () => expect(await modelIds()).not.toContain('demo/byhand'))
  })

  test('delete asks, keeps the volume, and takes it when it is named', async () => {
    const unasked = await nexus('delete', 'llama', '-n', 'demo')
    expect(unasked.code).not.toBe(0)
    expect(await exists(Kinds.InferenceService, 'llama')).toBe(true)

    expect(await nexus('delete', 'llama', '-n', 'demo', '--yes')).toMatchObject({ code: 0 })
    await eventually(async () => expect(await exists(Kinds.Deployment, 'llama-predictor')).toBe(false))
    expect(await exists(Kinds.InferenceService, 'llama')).toBe(false)
    expect(await exists(Kinds.ServingRuntime, 'llama')).toBe(false)
    await eventually(async () => expect(await exists(Kinds.Secret, 'nim-api-key-llama')).toBe(false))
    await eventually(async () => expect(await exists(Kinds.Secret, 'nim-image-pull-llama')).toBe(false))
    expect(await exists(Kinds.PersistentVolumeClaim, 'nim-pvc-llama')).toBe(true)

    expect(await deploy('llama-3.1-8b-instruct', '--name', 'llama', '-n', 'demo', '--wait')).toMatchObject({ code: 0 })
    expect(await nexus('delete', 'llama', '-n', 'demo', '--yes', '--delete-pvc')).toMatchObject({ code: 0 })
    await eventually(async () => expect(await exists(Kinds.PersistentVolumeClaim, 'nim-pvc-llama')).toBe(false), 60_000)
  })
})

/** What a person writes who knows KServe and not Nexus. */
const byHand = `
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: { name: byhand, namespace: demo }
spec:
  supportedModelFormats: [{ name: phi, autoSelect: false }]
  containers:
    - name: kserve-container
      image: nexus-model-worker:latest
      ports: [{ containerPort: 8001, protocol: TCP }]
      env: [{ name: WORKER_MODEL_NAME, value: phi-by-hand }]
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: byhand
  namespace: demo
  annotations: { serving.kserve.io/deploymentMode: RawDeployment }
spec:
  predictor:
    minReplicas: 1
    maxReplicas: 1
    model:
      modelFormat: { name: phi }
      runtime: byhand
`
