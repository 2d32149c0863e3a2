import { join } from 'node:path'
import { controlPlaneAssets, eventually, hasProgram } from '@nexus/kube/testing'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { normalise } from './clients/normalise.ts'
import { startPortForward } from './clients/port-forward.ts'
import { access } from './clients/scripts/access.ts'
import { apply } from './clients/scripts/apply.ts'
import { cluster } from './clients/scripts/cluster.ts'
import { helm } from './clients/scripts/helm.ts'
import { migration } from './clients/scripts/migration.ts'
import { objects } from './clients/scripts/objects.ts'
import { pods } from './clients/scripts/pods.ts'
import { rollout } from './clients/scripts/rollout.ts'
import { Transcript } from './clients/transcript.ts'
import type { TestCluster } from './clusters/cluster.ts'
import { describeOnClusters } from './clusters/index.ts'

const withoutKubectl = !hasProgram('kubectl')
const assets = await controlPlaneAssets()
const NS = 'clients'

const SCRIPTS = [
  { title: 'kubectl works on objects', name: 'objects', script: objects },
  { title: 'kubectl applies, shows differences, and keeps what others set', name: 'apply', script: apply },
  { title: 'kubectl rolls a Deployment out, back and on', name: 'rollout', script: rollout },
  { title: 'kubectl runs pods and jobs, and shows what they said', name: 'pods', script: pods },
  { title: 'kubectl asks who may do what, and acts for others', name: 'access', script: access },
  { title: 'kubectl explains the cluster', name: 'cluster', script: cluster },
  { title: 'helm installs, upgrades, tests, rolls back and uninstalls', name: 'helm', script: helm },
  { title: 'a deployment of old is migrated by hand', name: 'migration', script: migration },
] as const

/** Each script prints the same on both clusters: what is in `testdata/clients`. */
await describeOnClusters('the clients', (start) => {
  let cluster: TestCluster
  let script: Transcript

  beforeAll(async () => {
    cluster = await start()
    script = new Transcript(cluster.env, normalise, assets === undefined ? {} : { helm: join(assets, 'helm') })
    if (withoutKubectl) return
    await script.quietly(`kubectl create namespace ${NS}`)
    await script.quietly(`kubectl config set-context --current --namespace=${NS}`)
    // A namespace takes pods when it has its ServiceAccount.
    await eventually(async () =>
      expect(await script.quietly('kubectl get serviceaccount default')).toMatchObject({ code: 0 }),
    )
  })

  afterAll(async () => {
    await cluster?.stop()
  })

  test.for(SCRIPTS)('$title', { timeout: 300_000 }, async ({ name, script: write }, { skip }) => {
    skip(withoutKubectl || (name === 'helm' && assets === undefined), 'needs kubectl and helm')
    await write(script)
    await expect(script.take()).toMatchFileSnapshot(join(import.meta.dirname, 'testdata/clients', `${name}.txt`))
  })

  test('the migrated deployment chats through a port-forward', { timeout: 300_000 }, async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    await using forward = await startPortForward(cluster.env, ['-n', 'nexus', 'svc/nexus-gateway'], 80)
    const openai = new OpenAI({ baseURL: `${forward.url}/v1`, apiKey: cluster.gatewayKey, maxRetries: 0 })
    const messages = [{ role: 'user', content: 'through the tunnel' } as const]
    const answers = await eventually(() =>
      Promise.all(Array.from({ length: 8 }, () => openai.chat.completions.create({ model: 'old/phi', messages }))),
    )
    for (const { choices } of answers) expect(choices[0]?.message.content).toContain('through the tunnel')
    const stream = await openai.chat.completions.create({ model: 'old/phi', messages, stream: true })
    const chunks: string[] = []
    for await (const chunk of stream) chunks.push(chunk.choices[0]?.delta.content ?? '')
    expect(chunks.join('')).toContain('through the tunnel')
    expect(chunks.length).toBeGreaterThan(2)
    await script.quietly('kubectl delete namespace old')
  })
})
