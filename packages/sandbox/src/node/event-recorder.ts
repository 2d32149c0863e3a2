import { randomBytes } from 'node:crypto'
import { messageOf } from '@nexus/core'
import { isNotFound, Kinds, refTo } from '@nexus/kube'
import type { Event, KubeClient, Pod } from '@nexus/kube'
import { isNamespaceLeaving } from '../namespace-leaving.ts'
import { toSeconds } from './status/pod-status.ts'

/** What happened to a pod. */
export interface PodEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** The container it is about; the pod as a whole when left out. */
  readonly container?: string | undefined
}

export interface EventRecorder {
  /** Writes the event in the background; one that repeats counts up. Events are told, not promised: a failure is logged. */
  record(pod: Pod, event: PodEvent): void
  /** Resolves when everything recorded so far is written or given up. */
  flush(): Promise<void>
}

/** Older events than these are written anew when they repeat: pods come and go, and the memory must not grow with them. */
const MAX_REMEMBERED = 1000

/** A recorder of events in the name of the kubelet of each pod's node. */
export function createEventRecorder(kube: KubeClient, log: (message: string) => void): EventRecorder {
  const counts = new Map<string, { name: string; count: number }>()
  let queue = Promise.resolve()

  async function write(pod: Pod, event: PodEvent): Promise<void> {
    const key = [pod.metadata.uid, event.container, event.reason, event.message].join('\n')
    const known = counts.get(key)
    const time = toSeconds(new Date())
    if (known !== undefined) {
      known.count++
      const ref = refTo(Kinds.Event, { name: known.name, namespace: pod.metadata.namespace ?? 'default' })
      const body = { count: known.count, lastTimestamp: time }
      try {
        await kube.patch(ref, { type: 'merge', body })
        return
      } catch (error) {
        // Events expire: this one is written anew.
        if (!isNotFound(error)) throw error
      }
    }
    const name = `${pod.metadata.name}.${randomBytes(8).toString('hex')}`
    counts.delete(key)
    counts.set(key, { name, count: 1 })
    const [oldest] = counts.keys()
    if (counts.size > MAX_REMEMBERED && oldest !== undefined) counts.delete(oldest)
    await kube.create(assembleEvent(pod, event, { name, time }))
  }

  return {
    record(pod, event) {
      queue = queue
        .then(() => write(pod, event))
        .catch((error: unknown) => {
          // Nobody will look for the events of a namespace that goes.
          if (!isNamespaceLeaving(error)) log(`event ${event.reason} of pod ${pod.metadata.name}: ${messageOf(error)}`)
        })
    },
    flush: () => queue,
  }
}

function assembleEvent(
  { metadata, spec }: Pod,
  { type, reason, message, container }: PodEvent,
  { name, time }: { name: string; time: string },
): Event {
  const { namespace = 'default' } = metadata
  const { nodeName = '', initContainers = [] } = spec
  const list = initContainers.some(({ name: early }) => early === container) ? 'initContainers' : 'containers'
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace,
      name: metadata.name,
      ...(metadata.uid !== undefined && { uid: metadata.uid }),
      ...(metadata.resourceVersion !== undefined && { resourceVersion: metadata.resourceVersion }),
      ...(container !== undefined && { fieldPath: `spec.${list}{${container}}` }),
    },
    type,
    reason,
    message,
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component: 'kubelet', host: nodeName },
    reportingComponent: 'kubelet',
    reportingInstance: nodeName,
  }
}
