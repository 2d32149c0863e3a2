import { messageOf } from '@nexus/core'
import { isAlreadyExists, isNotFound, Kinds, refTo } from '@nexus/kube'
import type { Event, KubeClient, KubeObject } from '@nexus/kube'
import { isNamespaceLeaving } from '../../namespace-leaving.ts'
import { hashSuffix } from './names.ts'
import { timestamp } from './objects.ts'

/** What happened to an object, for `kubectl describe`. */
export interface EventNote {
  readonly type: 'Normal' | 'Warning'
  /** One word in CamelCase. */
  readonly reason: string
  readonly message: string
  /** Who says it: `deployment-controller`. */
  readonly component: string
}

/** Writes core/v1 Events: one per object, reason and message, whose count grows. Never fails its caller. */
export interface EventRecorder {
  record(about: KubeObject, note: EventNote): void
  /** Resolves when everything recorded so far is written or given up. */
  settled(): Promise<void>
}

export interface EventRecorderOptions {
  readonly kube: KubeClient
  readonly log: (line: string) => void
  readonly now: () => Date
}

export function createEventRecorder({ kube, log, now }: EventRecorderOptions): EventRecorder {
  // One after the other: two counts of one event must not overtake each other.
  let writing = Promise.resolve()

  function record(about: KubeObject, note: EventNote): void {
    const event = assembleEvent(about, note, now())
    writing = writing.then(async () => {
      try {
        await writeEvent(kube, event)
      } catch (thrown) {
        // Nobody will look for the events of a namespace that goes.
        if (!isNamespaceLeaving(thrown))
          log(`event ${note.reason} of ${about.kind} ${about.metadata.name}: ${messageOf(thrown)}`)
      }
    })
  }

  return { record, settled: () => writing }
}

/** Events of cluster-scoped objects live in `default`, as client-go's recorder does it. */
export function assembleEvent(about: KubeObject, note: EventNote, now: Date): Event {
  const { name, namespace, uid, resourceVersion } = about.metadata
  const time = timestamp(now)
  const { type, reason, message, component } = note
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: `${name}.${hashSuffix([about.kind, uid, type, reason, message, component].join('\n'), 16)}`,
      namespace: namespace ?? 'default',
    },
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    type,
    reason,
    message,
    source: { component },
    reportingComponent: component,
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
  }
}

/** The name of an event says what it is about, so that a second one is found without a list. */
async function writeEvent(kube: KubeClient, event: Event): Promise<void> {
  const ref = refTo(Kinds.Event, event.metadata)
  try {
    await kube.create(event)
  } catch (thrown) {
    if (!isAlreadyExists(thrown)) throw thrown
    const { count = 1 } = await kube.get(ref)
    const body = { count: count + 1, lastTimestamp: event.lastTimestamp }
    await kube.patch(ref, { type: 'merge', body }).catch((gone: unknown) => {
      if (!isNotFound(gone)) throw gone
    })
  }
}
