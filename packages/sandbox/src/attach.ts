import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { SecretText } from '@nexus/core'
import type { NodeKubeClient } from '@nexus/kube/node'
import { startControllers } from './controllers/index.ts'
import type { ControllerName } from './controllers/index.ts'
import { SandboxError } from './errors.ts'
import { startNodeAgent } from './node/index.ts'
import type { NodeSpec } from './node/index.ts'
import { installPlatform } from './platform/install.ts'
import { GATEWAY_PORT, unlessTaken } from './ports.ts'

export interface AttachOptions {
  readonly kube: NodeKubeClient
  /** Where pods reach the API server; its CA is asked of the server itself when left out. */
  readonly api: { readonly url: string; readonly caPem?: string }
  /** Volumes, pod folders and logs. */
  readonly dir: string
  /** The loopback port that the gateway's Service gets. */
  readonly gatewayPort: number
  readonly gatewayKey: SecretText
  /** What the API server shows the node when it asks for logs and ports. Default: nothing, and the node answers everybody. */
  readonly kubeletToken?: SecretText
  /** The controllers to run; all of them when left out, for an API server that has none of its own. */
  readonly controllers?: readonly ControllerName[]
  /** The nodes that run pods as local processes. Default: one with eight GPUs. */
  readonly nodes?: readonly NodeSpec[]
  /** False on a cluster that has KServe's own definitions. Default true. */
  readonly customResourceDefinitions?: boolean
  readonly log: (line: string) => void
  readonly report: (step: string) => void
  readonly signal?: AbortSignal
}

/** What runs beside an API server. */
export interface Attached {
  /** Stops the pods, the node and the controllers. The API server and its objects are left alone. */
  close(): Promise<void>
}

/** How long the gateway pod may take to answer. */
const READY_WITHIN_MS = 60_000

/**
 * Turns an API server into a cluster that serves models: the platform's objects, controllers, a node that runs pods as local
 * processes, and a loopback port for the gateway. Resolves when the gateway answers.
 *
 * @throws SandboxError NEXUS_SANDBOX_NOT_READY; what was started is stopped again
 */
export async function attachToCluster(options: AttachOptions): Promise<Attached> {
  const { kube, api, dir, gatewayPort, log, report, signal } = options
  await using starting = new AsyncDisposableStack()

  report('Installing the catalog and the gateway')
  await installPlatform(kube, {
    gatewayKey: options.gatewayKey,
    customResourceDefinitions: options.customResourceDefinitions ?? true,
  })

  signal?.throwIfAborted()
  report('Starting controllers and node')
  const controllers = await startControllers({
    kube,
    volumesDir: join(dir, 'volumes'),
    log,
    ...(options.controllers && { only: options.controllers }),
  })
  starting.defer(() => controllers.close())
  const agent = await startNodeAgent({
    kube,
    api,
    kubeletToken: options.kubeletToken,
    dir: join(dir, 'node'),
    nodes: options.nodes,
    log,
  })
  starting.defer(() => agent.close({ stopPods: true }))
  signal?.throwIfAborted()
  const target = { namespace: 'nexus', service: 'nexus-gateway', port: 80 }
  const taken = { ...GATEWAY_PORT, port: gatewayPort }
  const published = await unlessTaken(agent.publish(target, gatewayPort), taken)
  starting.defer(() => published.close())

  report('Waiting for the gateway')
  await gatewayAnswers(`http://127.0.0.1:${gatewayPort}`, signal)
  const running = starting.move()
  return { close: () => running.disposeAsync() }
}

async function gatewayAnswers(url: string, signal: AbortSignal | undefined): Promise<void> {
  const deadline = AbortSignal.any([AbortSignal.timeout(READY_WITHIN_MS), ...(signal ? [signal] : [])])
  while (!deadline.aborted) {
    if (await isHealthy(url, deadline)) return
    await delay(50, undefined, { signal: deadline }).catch(() => {})
  }
  signal?.throwIfAborted()
  throw new SandboxError('NEXUS_SANDBOX_NOT_READY', `The gateway did not answer within ${READY_WITHIN_MS / 1000} s`, {
    hint: 'Its log says why: look at sandbox.log and node/ in the sandbox folder.',
  })
}

async function isHealthy(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`, { signal })
    // Read to its end, or the connection stays open for an answer that nobody takes.
    await response.text()
    return response.ok
  } catch {
    return false
  }
}
