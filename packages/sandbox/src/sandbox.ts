import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, SecretText } from '@nexus/core'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { startApiServer } from './api/index.ts'
import { attachToCluster } from './attach.ts'
import { SandboxError } from './errors.ts'
import { lockFolder } from './folder-lock.ts'
import type { FolderLock } from './folder-lock.ts'
import { renderKubeconfig } from './kubeconfig.ts'
import { nodesToStart } from './node-plan.ts'
import type { NodeSpec } from './node/index.ts'
import { startNgcStub } from './ngc/index.ts'
import { API_PORT, freePort, GATEWAY_PORT, unlessTaken } from './ports.ts'
import type { PortChoice } from './ports.ts'
import { readSandboxState, removeSandboxState, sandboxCredentials, writePrivately, writeSandboxState } from './state.ts'

export interface SandboxOptions {
  /** Everything the cluster remembers: objects, volumes, logs, keys. Made when absent. */
  readonly dir: string
  readonly apiPort: PortChoice
  readonly gatewayPort: PortChoice
  /** The nodes of the cluster, kept for later starts. Default: those of the last start, at first one with eight GPUs. */
  readonly nodes?: readonly NodeSpec[]
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
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await using starting = new AsyncDisposableStack()
  const lock = await claimFolder(dir)
  starting.defer(() => lock.release())
  const kubeletToken = new SecretText(randomBytes(32).toString('base64url'))

  report('Starting the Kubernetes API')
  const gatewayPort = await freePort(options.gatewayPort, GATEWAY_PORT)
  const apiPort = await freePort(options.apiPort, API_PORT)
  // Not before: a start that is refused leaves no keys behind.
  const credentials = await sandboxCredentials(dir)
  const api = await unlessTaken(
    startApiServer({
      dir: join(dir, 'api'),
      port: apiPort,
      token: credentials.adminToken.reveal(),
      kubeletToken: kubeletToken.reveal(),
      onFault: (fault) => log(`api: ${messageOf(fault)}`),
    }),
    { ...API_PORT, port: apiPort },
  )
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

  const nodes = await nodesToStart(dir, options.nodes)
  const attached = await attachToCluster({
    kube,
    api: { url: api.url, caPem: api.caPem },
    dir,
    gatewayPort,
    gatewayKey: credentials.gatewayKey,
    kubeletToken,
    log,
    report,
    ...(nodes && { nodes }),
    ...(signal && { signal }),
  })
  starting.defer(() => attached.close())
  await writeSandboxState(dir, { apiUrl: api.url, gatewayUrl, ngcUrl: stub.url, kubeconfig })
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

/** A folder has one sandbox, from the first thing that is written into it to the last. */
async function claimFolder(dir: string): Promise<FolderLock> {
  const lock = lockFolder(dir)
  if (lock !== undefined) return lock
  const running = await readSandboxState(dir)
  if (running === undefined) {
    throw new SandboxError('NEXUS_SANDBOX_RUNNING', `A sandbox in ${dir} is just being started or stopped`, {
      hint: 'Try again in a few seconds, or choose another folder with --dir.',
    })
  }
  throw new SandboxError('NEXUS_SANDBOX_RUNNING', `A sandbox runs in ${dir} already (process ${running.pid})`, {
    hint: `Use it, or stop it with: nexus down --dir ${dir}`,
  })
}
