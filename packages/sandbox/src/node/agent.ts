import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@nexus/core'
import type { SecretText } from '@nexus/core'
import { Kinds, startInformer } from '@nexus/kube'
import type { KubeClient, Pod } from '@nexus/kube'
import type { NodeKubeClient } from '@nexus/kube/node'
import { createEventRecorder } from './event-recorder.ts'
import { startKubeletServer } from './kubelet-server.ts'
import { registerNode, removeNode, sendHeartbeat } from './registration/node-registration.ts'
import { DEFAULT_NODE } from './registration/node-spec.ts'
import type { NodeSpec } from './registration/node-spec.ts'
import { NodesFile } from './registration/nodes-file.ts'
import { capacityOf } from './registration/node-spec.ts'
import type { PodContext } from './pod-context.ts'
import { PodNetwork } from './network/pod-network.ts'
import { PodWorker } from './pod-worker.ts'
import { killLeftovers } from './process/process-record.ts'
import { repositoryPrograms } from './launch/programs.ts'
import type { ImageProgram } from './launch/programs.ts'
import { publishService } from './network/publish.ts'
import type { Publication, PublishedService } from './network/publish.ts'
import { presentedCa } from './presented-ca.ts'
import { writeToolFolder } from './tools/tool-folder.ts'
import { ObjectWatcher } from './volumes/object-watcher.ts'

const HEARTBEAT_MS = 10_000
/** What pods get to end by themselves when the node stops: a person waits. */
const SHUTDOWN_GRACE_SECONDS = 5

export interface NodeAgentOptions {
  readonly kube: KubeClient & Pick<NodeKubeClient, 'transport'>
  /** How pods reach the API server; without `caPem` they trust what it presents now. */
  readonly api: { readonly url: string; readonly caPem?: string | undefined }
  /** Folder of the pods' files; of one agent at a time. */
  readonly dir: string
  /**
   * The nodes of the cluster that this machine stands for. Default: `nexus-node-0` with eight GPUs. Nodes that an earlier
   * agent of the folder had and this one has not are taken out of the cluster.
   */
  readonly nodes?: readonly NodeSpec[] | undefined
  readonly log: (message: string) => void
  /** What the API server proves itself with when it asks for logs and ports; left out, the nodes answer everybody. */
  readonly kubeletToken?: SecretText | undefined
  /** The image table. Default: the programs of this repository. */
  readonly programs?: readonly ImageProgram[] | undefined
}

/** Nodes of a cluster whose pods are processes of this machine. */
export interface NodeAgent {
  /** Opens a loopback port (0: any) that forwards to a Service. */
  publish(target: PublishedService, listenPort: number): Promise<Publication>
  /** Stops the pods, which cannot outlive their agent. Their objects stay: the next agent of the folder runs them again. */
  close(options: { readonly stopPods: true }): Promise<void>
}

/**
 * Registers nodes with the API server and runs the pods that are bound to them as local processes. Works against any API
 * server. What an earlier agent of the same folder left running is killed first.
 */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const { kube, api, dir, nodes: specs = [DEFAULT_NODE], log } = options
  const podsDir = join(dir, 'pods')
  const toolsDir = join(dir, 'tools')
  await mkdir(podsDir, { recursive: true, mode: 0o700 })
  await writeToolFolder(toolsDir)
  const killed = await killLeftovers(podsDir)
  if (killed > 0) log(`ended ${killed} processes of an earlier run`)
  const caPem = api.caPem ?? (await presentedCa(api.url))

  const life = new AbortController()
  const network = new PodNetwork({ kube, dir, apiPort: portOf(api.url), signal: life.signal, log })
  const events = createEventRecorder(kube, log)
  const programs = options.programs ?? repositoryPrograms()
  const context: PodContext = {
    kube,
    programs,
    network,
    events,
    watcher: new ObjectWatcher(kube, log),
    allocatable: (name) => capacityOf(specs.find((spec) => spec.name === name) ?? DEFAULT_NODE),
    podsDir,
    toolsDir,
    api: { url: api.url, caPem },
    log,
  }
  const pods = new NodePods(context)
  const kubelet = await startKubeletServer({
    findPod: (namespace, name) => pods.find(namespace, name),
    token: options.kubeletToken,
  })
  const nodes = specs.map((spec) => ({ spec, kubeletPort: kubelet.port }))
  const known = new NodesFile(join(dir, 'nodes'))
  const stop = async (): Promise<void> => {
    life.abort()
    await pods.close()
    await kubelet.close()
    await network.settled()
    await events.flush()
  }
  try {
    await network.synced()
    for (const name of await known.read()) if (!specs.some((spec) => spec.name === name)) await removeNode(kube, name)
    await known.write(specs.map(({ name }) => name))
    for (const node of nodes) await registerNode(kube, node)
    await Promise.all(specs.map(({ name }) => pods.follow(name, life.signal)))
    await pods.removeStrangers()
  } catch (error) {
    await stop()
    throw error
  }
  const heartbeats = nodes.map((node) => repeat(() => sendHeartbeat(kube, node), life.signal, log))
  return {
    publish: (target, listenPort) => publishService(() => network.map(), target, listenPort),
    async close() {
      await stop()
      await Promise.all(heartbeats)
    },
  }
}

/** The pods of the nodes, one worker each. */
class NodePods {
  readonly #context: PodContext
  readonly #workers = new Map<string, PodWorker>()
  readonly #leaving = new Set<Promise<void>>()
  #closed = false

  constructor(context: PodContext) {
    this.#context = context
  }

  /** Runs the pods of a node as the API server tells; resolves when it has told all there are. */
  async follow(nodeName: string, signal: AbortSignal): Promise<void> {
    const { kube, log } = this.#context
    const query = { kind: Kinds.Pod, fieldSelector: `spec.nodeName=${nodeName}` }
    const onError = (error: unknown): void => log(`pods of ${nodeName}: ${messageOf(error)}`)
    const informer = startInformer<Pod>(kube, query, { signal, onError })
    informer.onChange(({ type, object, previous }) => {
      // A watch that was cut may tell of a new pod by the name of the old one.
      if (previous !== undefined && previous.metadata.uid !== object.metadata.uid) this.#forget(previous)
      if (type === 'DELETED') this.#forget(object)
      else this.#take(object)
    })
    await informer.synced
    for (const pod of informer.list()) this.#take(pod)
  }

  /** Forgets the folders of pods that went while no agent ran; once all nodes are followed. */
  async removeStrangers(): Promise<void> {
    for (const uid of await readdir(this.#context.podsDir)) {
      if (!this.#workers.has(uid)) await rm(join(this.#context.podsDir, uid), { recursive: true, force: true })
    }
  }

  find(namespace: string, name: string): PodWorker | undefined {
    return [...this.#workers.values()].find(
      ({ pod }) => pod.metadata.name === name && pod.metadata.namespace === namespace,
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([
      ...[...this.#workers.values()].map((worker) => worker.stop(SHUTDOWN_GRACE_SECONDS)),
      ...this.#leaving,
    ])
  }

  #take(pod: Pod): void {
    const { uid } = pod.metadata
    if (uid === undefined || this.#closed) return
    const worker = this.#workers.get(uid) ?? new PodWorker(this.#context, pod)
    this.#workers.set(uid, worker)
    worker.update(pod)
  }

  #forget({ metadata }: Pod): void {
    const worker = this.#workers.get(metadata.uid ?? '')
    if (worker === undefined) return
    this.#workers.delete(metadata.uid ?? '')
    const leaving = worker
      .forget()
      .catch((error: unknown) => this.#context.log(`pod ${metadata.name}: ${messageOf(error)}`))
      .finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
  }
}

async function repeat(act: () => Promise<void>, signal: AbortSignal, log: (message: string) => void): Promise<void> {
  while (!signal.aborted) {
    await act().catch((error: unknown) => {
      if (!signal.aborted) log(`heartbeat: ${messageOf(error)}`)
    })
    await pause(HEARTBEAT_MS, signal)
  }
}

/** Resolves after the time or when `signal` aborts. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal.addEventListener('abort', end)
  })
}

function portOf(url: string): number {
  return Number(new URL(url).port || 443)
}
