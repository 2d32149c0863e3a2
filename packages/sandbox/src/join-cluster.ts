import { join } from 'node:path'
import { isNotFound, Kinds, refTo } from '@nexus/kube'
import type { KubeClient } from '@nexus/kube'
import { SandboxError } from './errors.ts'
import { lockFolder } from './folder-lock.ts'
import { startNodeAgent } from './node/index.ts'
import type { NodeAgentOptions, NodeSpec } from './node/index.ts'
import { NodesFile } from './node/registration/nodes-file.ts'

export interface JoinOptions extends Pick<NodeAgentOptions, 'kube' | 'api' | 'dir' | 'log'> {
  readonly node: NodeSpec
}

/** A node that this process stands for. */
export interface JoinedNode {
  /** Stops its pods. The Node and the pods' objects stay: who joins with the same folder runs them again. */
  close(): Promise<void>
}

/**
 * Adds a node to any cluster, whose pods are processes of this machine. The folder is of this node alone.
 *
 * @throws SandboxError NEXUS_SANDBOX_RUNNING where the folder is in use, or the cluster has the node from somebody else
 */
export async function joinCluster({ kube, api, dir, log, node }: JoinOptions): Promise<JoinedNode> {
  await using starting = new AsyncDisposableStack()
  const lock = lockFolder(dir)
  if (lock === undefined) {
    throw new SandboxError('NEXUS_SANDBOX_RUNNING', `Another process uses the folder ${dir}`, {
      hint: 'Stop it, or choose another folder with --dir.',
    })
  }
  starting.defer(() => lock.release())
  await refuseForeignNode(kube, dir, node.name)
  const agent = await startNodeAgent({ kube, api, dir, nodes: [node], log })
  starting.defer(() => agent.close({ stopPods: true }))
  const running = starting.move()
  return { close: () => running.disposeAsync() }
}

/** Two agents of one node would run its pods twice. What this folder has registered before is its own. */
async function refuseForeignNode(kube: KubeClient, dir: string, name: string): Promise<void> {
  try {
    await kube.get(refTo(Kinds.Node, { name }))
  } catch (error) {
    if (isNotFound(error)) return
    throw error
  }
  if ((await new NodesFile(join(dir, 'nodes')).read()).includes(name)) return
  throw new SandboxError('NEXUS_SANDBOX_RUNNING', `The cluster has a node ${name} already`, {
    hint: 'Choose another name with --name, or the folder that the node was started with: --dir DIR.',
  })
}
