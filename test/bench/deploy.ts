// How many requests a deploy sends to an API server, how many of them write, and how long it takes beside the server's own
// time. A figure that passes its line is marked.
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { startFaultProxy } from '@nexus/kube/testing'
import { deployNIMDeployment, editNIMDeployment } from '@nexus/nim-serving'
import type { DeployRequest } from '@nexus/nim-serving'
import { startSandboxCluster } from '../e2e/clusters/sandbox.ts'

const MOST_REQUESTS = 25
const MOST_MS = 1500

const cluster = await startSandboxCluster()
try {
  const access = await loadKubeConfig({ path: cluster.kubeconfig, env: {} })
  await using proxy = await startFaultProxy(access)
  const kube = createNodeKubeClient(proxy.access)
  const request: DeployRequest = {
    name: 'llama',
    project: 'bench',
    createNamespace: true,
    model: { name: 'llama-3.1-8b-instruct', namespace: 'nim/meta' },
    tag: '1.8.4',
    apiKey: 'nvapi-test-0123456789abcdefghij',
  }
  const deps = { kube, keySetBy: 'bench', checkKey: () => Promise.resolve({ outcome: 'valid' as const }) }
  const ref = { name: request.name, project: request.project }
  const changes = { description: 'Changed.', tag: '1.8' }

  const first = await measure(() => deployNIMDeployment(request, deps))
  print('a deploy', first, { requests: MOST_REQUESTS, ms: MOST_MS })
  print('the same deploy again', await measure(() => deployNIMDeployment(request, deps)), { writes: 0 })
  print('an edit', await measure(() => editNIMDeployment(ref, { changes }, { kube })), { requests: MOST_REQUESTS })
  print('the same edit again', await measure(() => editNIMDeployment(ref, { changes }, { kube })), { writes: 0 })
  await kube.close()

  async function measure(call: () => Promise<unknown>): Promise<Figures> {
    proxy.restart()
    const started = performance.now()
    await call()
    const ms = performance.now() - started
    return { requests: proxy.requests.length, writes: proxy.requests.filter(({ isWrite }) => isWrite).length, ms }
  }
} finally {
  await cluster.stop()
}

interface Figures {
  readonly requests: number
  readonly writes: number
  readonly ms: number
}

function print(what: string, figures: Figures, most: Partial<Figures>): void {
  const { requests, writes, ms } = figures
  const row = [`${requests} requests`, `${writes} writes`, `${ms.toFixed(0)} ms`].map((text) => text.padStart(12))
  const passed = (['requests', 'writes', 'ms'] as const).filter((name) => figures[name] > (most[name] ?? Infinity))
  const line = passed.map((name) => `  more ${name} than ${most[name]}`).join('')
  process.stdout.write(`${what.padEnd(24)}${row.join('')}${line}\n`)
}
