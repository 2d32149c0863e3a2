import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@nexus/core'
import type { SecretText } from '@nexus/core'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { startApiServer } from './api/index.ts'
import { attachToCluster } from './attach.ts'
import { SandboxError } from './errors.ts'
import { renderKubeconfig } from './kubeconfig.ts'
import { startNgcStub } from './ngc/index.ts'
import { freePort } from './ports.ts'
import type { PortChoice } from './ports.ts'
import { readSandboxState, removeSandboxState, sandboxCredentials, writePrivately, writeSandboxState } from './state.ts'

export interface SandboxOptions {
  /** Everything the cluster remembers: objects, volumes, logs, keys. Made when absent. */
  readonly dir: string
  readonly apiPort: PortChoice
  readonly gatewayPort: PortChoice
  /** One line of what happens inside. */
  readonly log: (line: string) => void
  /** What is being started, for a person who waits. */
  readonly report?: (step: string) => void
  readonly signal?: AbortSignal
}

/** A running sandbox. */
export interface Sandbox {
  /** Path of its kubeconfig. */
  readonly kubeconfig: string
  readonly apiUrl: string
  readonly gatewayUrl: string
  readonly gatewayKey: SecretText
  /** Stops the pods, the controllers and the API server; the objects stay in `dir`. */
  close(): Promise<void>
}

/**
 * Starts a cluster in this process and brings the platform into it; resolves when the gateway answers.
 * What was started is stopped again when a later step fails.
 *
 * @throws SandboxError when the folder is in use, a port is taken or the gateway does not come up
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { dir, log, report = () => {}, signal } = options
  await refuseSecond(dir)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const credentials = await sandboxCredentials(dir)
  await using starting = new AsyncDisposableStack()

  report('Starting the Kubernetes API')
  const gatewayPort = await freePort(options.gatewayPort, 'gateway', '--gateway-port')
  const apiPort = await freePort(options.apiPort, 'Kubernetes API', '--api-port')
  const api = await startApiServer({
    dir: join(dir, 'api'),
    port: apiPort,
    token: credentials.adminToken.reveal(),
    onFault: (fault) => log(`api: ${messageOf(fault)}`),
  })
  starting.defer(() => api.close())
  const stub = await startNgcStub({ port: 0 })
  starting.defer(() => stub.close())

  const kubeconfig = join(dir, 'kubeconfig')
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`
  const extension = { dir, gatewayUrl, ngcUrl: stub.url }
  await writePrivately(
    kubeconfig,
    renderKubeconfig({ server: api.url, caPem: api.caPem, token: credentials.adminToken, extension }),
  )
  const kube = createNodeKubeClient(await loadKubeConfig({ path: kubeconfig }))
  starting.defer(() => kube.close())

  const attached = await attachToCluster({
    kube,
    api: { url: api.url, caPem: api.caPem },
    dir,
    gatewayPort,
    gatewayKey: credentials.gatewayKey,
    log,
    report,
    ...(signal && { signal }),
  })
  starting.defer(() => attached.close())
  await writeSandboxState(dir, {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    apiUrl: api.url,
    gatewayUrl,
    ngcUrl: stub.url,
    kubeconfig,
  })
  starting.defer(() => removeSandboxState(dir))

  const running = starting.move()
  return {
    kubeconfig,
    apiUrl: api.url,
    gatewayUrl,
    gatewayKey: credentials.gatewayKey,
    close: () => running.disposeAsync(),
  }
}

async function refuseSecond(dir: string): Promise<void> {
  const running = await readSandboxState(dir)
  if (running === undefined) return
  throw new SandboxError('NEXUS_SANDBOX_RUNNING', `A sandbox runs in ${dir} already (process ${running.pid})`, {
    hint: `Use it, or stop it with: nexus down --dir ${dir}`,
  })
}
