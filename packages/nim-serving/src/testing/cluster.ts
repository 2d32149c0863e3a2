import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { NIM_TEMPLATE_KEY, NIM_TEMPLATE_NAME, PLATFORM_NAMESPACE, renderNIMTemplate } from '@nexus/catalog'
import { isAlreadyExists, isNotFound, Kinds } from '@nexus/kube'
import type { Kind, KubeClient } from '@nexus/kube'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import type { ClusterAccess, NodeKubeClient } from '@nexus/kube/node'

const run = promisify(execFile)

/** Starts a real control plane in four seconds; stands beside the checkout where there is one. */
const KUBELAB = fileURLToPath(new URL('../../../../../shared/kubelab/', import.meta.url))

/** Whether these tests have a cluster: the one `NEXUS_TEST_KUBECONFIG` names, else one of their own. */
export const hasCluster = process.env['NEXUS_TEST_KUBECONFIG'] !== undefined || existsSync(join(KUBELAB, 'up'))

export interface TestCluster {
  readonly access: ClusterAccess
  readonly kube: NodeKubeClient
  stop(): Promise<void>
}

/** A real API server with the real CRDs of KServe. */
export async function startTestCluster(): Promise<TestCluster> {
  const given = process.env['NEXUS_TEST_KUBECONFIG']
  if (given !== undefined) return connect(given, async () => {})
  const dir = await mkdtemp(join(tmpdir(), 'nim-serving-lab-'))
  const stop = async (): Promise<void> => {
    await run(join(KUBELAB, 'down'), [dir])
    await rm(dir, { recursive: true, force: true })
  }
  try {
    await run(join(KUBELAB, 'up'), ['--dir', dir, '--port', String(await freePorts(4)), '--crds'])
    const cluster = await connect(join(dir, 'kubeconfig'), stop)
    await untilServed(cluster.kube, AbortSignal.timeout(20_000))
    return cluster
  } catch (cause) {
    await stop()
    throw cause
  }
}

async function connect(path: string, stop: () => Promise<void>): Promise<TestCluster> {
  const access = await loadKubeConfig({ path })
  const kube = createNodeKubeClient(access)
  return {
    access,
    kube,
    async stop() {
      await kube.close()
      await stop()
    },
  }
}

/** An API server serves a kind a moment after it has accepted its definition. */
async function untilServed(kube: KubeClient, deadline: AbortSignal): Promise<void> {
  for (const kind of [Kinds.ServingRuntime, Kinds.InferenceService]) {
    while (!(await isServed(kube, kind))) await setTimeout(50, undefined, { signal: deadline })
  }
}

async function isServed(kube: KubeClient, kind: Kind): Promise<boolean> {
  try {
    await kube.list({ kind, namespace: 'default' })
    return true
  } catch (cause) {
    if (isNotFound(cause)) return false
    throw cause
  }
}

/** The first of `count` ports in a row that are free now. */
async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = await portOf(0)
    const rest = Array.from({ length: count - 1 }, (_, index) => portOf(first + index + 1))
    const taken = (await Promise.allSettled(rest)).some(({ status }) => status === 'rejected')
    if (!taken) return first
  }
}

function portOf(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const { port: bound } = addressOf(server.address())
      server.close(() => resolve(bound))
    })
  })
}

/** The address of a server that listens on TCP. */
export function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new TypeError('the server does not listen on TCP')
  return address
}

/** Installs what every deployment starts from; a cluster that was given may have it already. */
export async function installTemplate(kube: KubeClient): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: PLATFORM_NAMESPACE } }
  const template = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: NIM_TEMPLATE_NAME, namespace: PLATFORM_NAMESPACE },
    data: { [NIM_TEMPLATE_KEY]: renderNIMTemplate() },
  }
  for (const object of [namespace, template]) {
    await kube.create(object).catch((cause: unknown) => {
      if (!isAlreadyExists(cause)) throw cause
    })
  }
}

/** A namespace of its own for a test. */
export async function freshProject(kube: KubeClient): Promise<string> {
  const name = `p-${crypto.randomUUID().slice(0, 8)}`
  await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  return name
}
