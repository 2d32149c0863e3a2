import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Kinds, refTo } from '@nexus/kube'
import type { Deployment } from '@nexus/kube'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { controlPlaneAssets, eventually, startControlPlane } from '@nexus/kube/testing'
import { startApiServer } from '@nexus/sandbox'
import { afterAll, describe, expect, test } from 'vitest'
import { nexusBin } from './clusters/paths.ts'
import { run } from './clusters/run.ts'

const assets = await controlPlaneAssets()
const home = await mkdtemp(join(tmpdir(), 'nexus-parts-'))
const env = { HOME: home }
const started: ChildProcess[] = []

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL')
  await rm(home, { recursive: true, force: true })
})

interface BareCluster {
  readonly kubeconfig: string
  stop(): Promise<void>
}

async function bareSandbox(): Promise<BareCluster> {
  const api = await startApiServer({ dir: join(home, 'api'), port: 0, token: 'admin-token-of-a-test' })
  const config = {
    clusters: [{ name: 'bare', cluster: { server: api.url, 'certificate-authority-data': btoa(api.caPem) } }],
    users: [{ name: 'admin', user: { token: 'admin-token-of-a-test' } }],
    contexts: [{ name: 'bare', context: { cluster: 'bare', user: 'admin' } }],
    'current-context': 'bare',
  }
  const kubeconfig = join(home, 'bare.yaml')
  await writeFile(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...config }))
  return { kubeconfig, stop: () => api.close() }
}

const clusters = [
  { title: "the sandbox's API server", start: bareSandbox, controllers: [], skipped: false },
  {
    title: 'a real control plane',
    start: () =>
      startControlPlane({ assets: assets ?? '', dir: join(home, 'plane'), controllers: true, kserve: false }),
    controllers: ['--only', 'kserve,pv-provisioner'],
    skipped: assets === undefined,
  },
]

describe.each(clusters)('nexus sandbox beside $title', ({ start, controllers, skipped }) => {
  test.skipIf(skipped)('runs its Deployments on a node of its own, until interrupted', async () => {
    const cluster = await start()
    const kube = createNodeKubeClient(await loadKubeConfig({ path: cluster.kubeconfig, env: {} }))
    try {
      const dir = await mkdtemp(join(home, 'parts-'))
      const at = ['--kubeconfig', cluster.kubeconfig, '--dir']
      const running = [
        await inFront(['sandbox', 'controllers', ...at, join(dir, 'controllers'), ...controllers]),
        await inFront(['sandbox', 'node', ...at, join(dir, 'node'), '--name', 'extra-1', '--gpus', '2:L40S']),
      ]
      const node = await kube.get(refTo(Kinds.Node, { name: 'extra-1' }))
      expect(node.status?.allocatable?.['nvidia.com/gpu']).toBe('2')
      await eventually(() => kube.create(deployment))
      await eventually(async () => {
        const { status } = await kube.get(refTo(Kinds.Deployment, deployment.metadata))
        expect(status?.readyReplicas).toBe(1)
      }, 60_000)

      const again = await run(nexusBin, ['sandbox', 'node', ...at, join(dir, 'other'), '--name', 'extra-1'], { env })
      expect(again).toMatchObject({ code: 6, stdout: '' })
      expect(again.stderr).toContain('The cluster has a node extra-1 already')

      for (const child of running.reverse()) {
        const exited = once(child, 'exit')
        child.kill('SIGINT')
        expect(await exited).toEqual([0, null])
      }
    } finally {
      await kube.close()
      await cluster.stop()
    }
  })
})

test('what cannot be is refused with the next step', async () => {
  const refused = async (...args: string[]): Promise<string> => {
    const ran = await run(nexusBin, ['sandbox', ...args], { env })
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    return ran.stderr
  }
  expect(await refused('node')).toContain("required option '--kubeconfig <file>'")
  expect(await refused('node', '--kubeconfig', 'x', '--name', 'No Name')).toContain('small letters')
  expect(await refused('controllers', '--kubeconfig', 'x', '--only', 'kubelet')).toContain('The controllers are kserve')
})

/** Starts a command that stays in front; resolves when it says how to end it. */
async function inFront(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(nexusBin, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  })
  started.push(child)
  const said: string[] = []
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line)
    if (line.includes('Ctrl-C')) {
      child.stderr.resume()
      return child
    }
  }
  throw new Error(`nexus ${args.join(' ')} ended:\n${said.join('\n')}`)
}

const deployment: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'worker', namespace: 'default' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'worker' } },
    template: {
      metadata: { labels: { app: 'worker' } },
      spec: {
        containers: [
          {
            name: 'worker',
            image: 'nexus-model-worker:v1',
            ports: [{ containerPort: 8001 }],
            env: [{ name: 'WORKER_MODEL_NAME', value: 'phi' }],
            readinessProbe: { httpGet: { path: '/health', port: 8001 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
}
