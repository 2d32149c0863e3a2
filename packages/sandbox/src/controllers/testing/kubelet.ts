import { Kinds, refTo } from '@nexus/kube'
import type { KubeClient, Pod } from '@nexus/kube'
import { isBeingDeleted, timestamp } from '../runtime/objects.ts'

export interface FakeKubelet {
  readonly stopped: Promise<void>
}

/** Says that every bound pod runs and is ready, and lets deleted pods go: what tests need of a node. */
export function startFakeKubelet(kube: KubeClient, signal: AbortSignal): FakeKubelet {
  let address = 10
  const seen = new Set<string>()

  async function follow(pod: Pod): Promise<void> {
    const ref = refTo(Kinds.Pod, pod.metadata)
    if (isBeingDeleted(pod)) return kube.delete(ref, { gracePeriodSeconds: 0 })
    if (!pod.spec.nodeName || seen.has(pod.metadata.uid ?? '')) return
    seen.add(pod.metadata.uid ?? '')
    const status = runningStatus(pod, `10.244.0.${address++}`)
    await kube.patch(ref, { type: 'strategic', body: { status } }, { subresource: 'status' })
  }

  async function run(): Promise<void> {
    try {
      for await (const event of kube.watch({ kind: Kinds.Pod }, { signal })) {
        // A pod that is gone meanwhile needs nothing.
        if (event.type === 'ADDED' || event.type === 'MODIFIED') await follow(event.object).catch(() => {})
      }
    } catch (thrown) {
      if (!signal.aborted) throw thrown
    }
  }

  return { stopped: run() }
}

function runningStatus({ spec }: Pod, podIP: string): NonNullable<Pod['status']> {
  const startedAt = timestamp(new Date())
  const condition = (type: string) => ({ type, status: 'True' as const, lastTransitionTime: startedAt })
  return {
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: ['Initialized', 'ContainersReady', 'Ready'].map(condition),
    containerStatuses: spec.containers.map(({ name, image = '' }) => ({
      name,
      image,
      imageID: image,
      ready: true,
      restartCount: 0,
      state: { running: { startedAt } },
    })),
  }
}
