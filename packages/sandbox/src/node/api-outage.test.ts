import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kinds, refTo } from '@nexus/kube'
import type { Pod } from '@nexus/kube'
import { createNodeKubeClient } from '@nexus/kube/node'
import type { NodeKubeClient } from '@nexus/kube/node'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startApiServer } from '../api/index.ts'
import { startNodeAgent } from './agent.ts'
import type { NodeAgent } from './agent.ts'
import { freeLoopbackPort } from './network/loopback-port.ts'
import { accessTo } from './testing/api-servers.ts'
import { testProgram } from './testing/test-program.ts'

type ApiServer = Awaited<ReturnType<typeof startApiServer>>

const nodeName = 'test-node-0'
const patient = { timeout: 30_000, interval: 100 }
const token = 'admin-token-of-a-test'

let dir = ''
let api: ApiServer
let kube: NodeKubeClient
let agent: NodeAgent
let log: string[]

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nexus-outage-'))
  log = []
  api = await startApi(await freeLoopbackPort())
  kube = createNodeKubeClient(accessTo({ url: api.url, token, caPem: api.caPem }))
  const { url, caPem } = api
  const programs = [testProgram]
  agent = await startNodeAgent({
    kube,
    api: { url, caPem },
    dir,
    nodes: [{ name: nodeName }],
    log: (line) => log.push(line),
    programs,
  })
})
afterEach(async () => {
  await agent.close({ stopPods: true })
  await kube.close()
  await api.close()
  await rm(dir, { recursive: true, force: true })
})

function startApi(port: number): Promise<ApiServer> {
  return startApiServer({ dir: join(dir, 'api'), port, token })
}

async function createPod(name: string): Promise<void> {
  const spec = {
    nodeName,
    automountServiceAccountToken: false,
    containers: [{ name: 'main', image: 'test-program', readinessProbe: { httpGet: { path: '/health', port: 8000 } } }],
  }
  await kube.create<Pod>({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec })
}

function untilReady(name: string, restarts: number): Promise<Pod> {
  return vi.waitFor(async () => {
    const pod = await kube.get(refTo(Kinds.Pod, { name, namespace: 'default' }))
    expect(pod.status?.containerStatuses?.[0]).toMatchObject({ ready: true, restartCount: restarts })
    return pod
  }, patient)
}

test('what happens to pods while the API server is away is told when it is back, and new pods run', async () => {
  await createPod('before')
  const { uid = '' } = (await untilReady('before', 0)).metadata
  const { port } = api
  await api.close()
  const record = await readFile(join(dir, 'pods', uid, 'containers', 'main', 'process'), 'utf8')
  process.kill(Number(record.split(' ')[0]), 'SIGKILL')
  await vi.waitFor(() => expect(log.some((line) => line.startsWith('pod default/before: '))).toBe(true), patient)
  api = await startApi(port)
  await untilReady('before', 1)
  await createPod('after')
  await untilReady('after', 0)
}, 90_000)
