import { isAlreadyExists, isNotFound, Kinds, refTo } from '@nexus/kube'
import type { KubeClient, Node } from '@nexus/kube'
import {
  assembleLease,
  assembleLeaseSpec,
  assembleNode,
  assembleNodeStatus,
  nodeLabels,
  NODE_LEASE_NAMESPACE,
} from './node-object.ts'
import type { NodeDescription } from './node-object.ts'

/** Makes the Node if it is not there and reports it ready. */
export async function registerNode(kube: KubeClient, node: NodeDescription): Promise<void> {
  await reportNodeStatus(kube, node, await findOrCreateNode(kube, node))
}

/** Shows that the node lives: renews its lease and its status. */
export async function sendHeartbeat(kube: KubeClient, node: NodeDescription): Promise<void> {
  await renewLease(kube, node.spec.name)
  await registerNode(kube, node)
}

async function findOrCreateNode(kube: KubeClient, node: NodeDescription): Promise<Node> {
  const ref = refTo(Kinds.Node, { name: node.spec.name })
  try {
    const existing = await kube.get(ref)
    const labels = nodeLabels(node.spec)
    const differs = Object.entries(labels).some(([key, value]) => (existing.metadata.labels?.[key] ?? null) !== value)
    return differs ? await kube.patch(ref, { type: 'merge', body: { metadata: { labels } } }) : existing
  } catch (error) {
    if (!isNotFound(error)) throw error
    // With its status, as kubelets do: a scheduler that sees the node sees at once what fits on it.
    const created = assembleNode(node)
    return kube.create({ ...created, status: assembleNodeStatus(node, created, new Date()) })
  }
}

async function reportNodeStatus(kube: KubeClient, node: NodeDescription, before: Node): Promise<void> {
  const status = assembleNodeStatus(node, before, new Date())
  await kube.patch(
    refTo(Kinds.Node, { name: node.spec.name }),
    { type: 'merge', body: { status } },
    { subresource: 'status' },
  )
}

async function renewLease(kube: KubeClient, name: string): Promise<void> {
  const ref = refTo(Kinds.Lease, { name, namespace: NODE_LEASE_NAMESPACE })
  const now = new Date()
  try {
    await kube.patch(ref, { type: 'merge', body: { spec: assembleLeaseSpec(name, now) } })
  } catch (error) {
    if (!isNotFound(error)) throw error
    await kube.create(assembleLease(name, now)).catch((failure: unknown) => {
      if (!isAlreadyExists(failure)) throw failure
    })
  }
}

/** Takes a node out of the cluster, with the pods that were bound to it: nobody runs them any more. */
export async function removeNode(kube: KubeClient, name: string): Promise<void> {
  const { items } = await kube.list({ kind: Kinds.Pod, fieldSelector: `spec.nodeName=${name}` })
  const missing = (error: unknown): void => {
    if (!isNotFound(error)) throw error
  }
  for (const { metadata } of items) {
    await kube.delete(refTo(Kinds.Pod, metadata), { gracePeriodSeconds: 0 }).catch(missing)
  }
  await kube.delete(refTo(Kinds.Node, { name })).catch(missing)
}
