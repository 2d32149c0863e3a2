import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Kinds } from '@nexus/kube'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFolder } from './folder-lock.ts'
import { freeLoopbackPort } from './node/network/loopback-port.ts'
import { startSandbox } from './sandbox.ts'
import type { SandboxOptions } from './sandbox.ts'
import { readSandboxState } from './state.ts'

let dir = ''
let options: SandboxOptions
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nexus-sandbox-'))
  const ports = [await freeLoopbackPort(), await freeLoopbackPort()] as const
  options = {
    dir,
    apiPort: { port: ports[0], asked: false },
    gatewayPort: { port: ports[1], asked: false },
    log: () => {},
  }
})
afterEach(() => rm(dir, { recursive: true, force: true }))

test('a folder has one sandbox: a second is refused, with the process of the first, until it is closed', async () => {
  const first = await startSandbox(options)
  try {
    await expect(startSandbox(options)).rejects.toMatchObject({
      code: 'NEXUS_SANDBOX_RUNNING',
      message: `A sandbox runs in ${dir} already (process ${process.pid})`,
    })
    // What the refused one would have overwritten still holds.
    expect(await fetch(`${first.gatewayUrl}/health`).then((answer) => answer.ok)).toBe(true)
    expect(await readSandboxState(dir)).toMatchObject({ gatewayUrl: first.gatewayUrl })
  } finally {
    await first.close()
  }
  expect(await readSandboxState(dir)).toBeUndefined()
  lockFolder(dir)?.release()
}, 60_000)

test('two that start at the same moment are one sandbox and one refusal', async () => {
  const started = await Promise.allSettled([startSandbox(options), startSandbox(options)])
  for (const result of started) if (result.status === 'fulfilled') await result.value.close()
  expect(started.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  const refusals = started.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []))
  expect(refusals).toEqual([`SandboxError: A sandbox in ${dir} is just being started or stopped`])
}, 60_000)

test('the nodes that are asked for are there, at this start and at the next', async () => {
  const nodes = [
    { name: 'nexus-node-0', gpus: 4, gpuProduct: 'NVIDIA-L40S', gpuMemoryMiB: 46_068 },
    { name: 'nexus-node-1', gpus: 0 },
  ]
  for (const asked of [{ nodes }, {}, { nodes: nodes.slice(0, 1) }]) {
    const sandbox = await startSandbox({ ...options, ...asked })
    try {
      const seen = await seenNodes(sandbox.kubeconfig)
      const [first, second] = [{ name: 'nexus-node-0', gpus: '4', product: 'NVIDIA-L40S' }, { name: 'nexus-node-1' }]
      expect(seen).toEqual(asked.nodes?.length === 1 ? [first] : [first, second])
    } finally {
      await sandbox.close()
    }
  }
}, 120_000)

async function seenNodes(kubeconfig: string): Promise<object[]> {
  const kube = createNodeKubeClient(await loadKubeConfig({ path: kubeconfig }))
  try {
    const { items } = await kube.list({ kind: Kinds.Node })
    return items.map(({ metadata, status }) => {
      const gpus = status?.allocatable?.['nvidia.com/gpu']
      const product = metadata.labels?.['nvidia.com/gpu.product']
      return { name: metadata.name, ...(gpus !== undefined && { gpus }), ...(product !== undefined && { product }) }
    })
  } finally {
    await kube.close()
  }
}

test('a port that is taken is refused, and no keys are left in the folder', async () => {
  const taken = createServer().listen(options.apiPort.port, '127.0.0.1')
  await once(taken, 'listening')
  const refused = startSandbox({ ...options, apiPort: { ...options.apiPort, asked: true } })
  await expect(refused).rejects.toMatchObject({ code: 'NEXUS_SANDBOX_PORT_IN_USE' })
  expect(await readdir(dir)).toEqual(['lock'])
  taken.close()
})

test.each(['Starting the Kubernetes API', 'Installing the catalog and the gateway', 'Waiting for the gateway'])(
  'an interrupt at "%s" ends the start and leaves the folder free',
  async (step) => {
    const interrupted = new AbortController()
    const reason = new Error('interrupted')
    const report = (reported: string): void => {
      if (reported === step) interrupted.abort(reason)
    }
    await expect(startSandbox({ ...options, report, signal: interrupted.signal })).rejects.toBe(reason)
    expect(await readSandboxState(dir)).toBeUndefined()
    const lock = lockFolder(dir)
    expect(lock).toBeDefined()
    lock?.release()
  },
  60_000,
)

test('a closed sandbox leaves nothing that keeps its process alive', async () => {
  const script = `import { startSandbox } from '${new URL('./sandbox.ts', import.meta.url).href}'
    const [dir, api, gateway] = process.argv.slice(1)
    const port = (text) => ({ port: Number(text), asked: false })
    const sandbox = await startSandbox({ dir, apiPort: port(api), gatewayPort: port(gateway), log: () => {} })
    await sandbox.close()
    // Output streams stay; whether they are pipes depends on who reads. What else is left now does not keep it alive.
    process.on('exit', () => console.log(process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap').join()))`
  const args = ['--conditions=@nexus/source', '--input-type=module', '-e', script, dir]
  const ports = [options.apiPort, options.gatewayPort].map(({ port }) => String(port))
  const child = spawn(process.execPath, [...args, ...ports], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [left] = await Promise.all([text(child.stdout), once(child, 'exit')])
  expect({ left, code: child.exitCode }).toEqual({ left: '\n', code: 0 })
}, 60_000)
