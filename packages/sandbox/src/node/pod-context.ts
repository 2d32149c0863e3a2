import type { NodeKubeClient } from '@nexus/kube/node'
import type { KubeClient, ResourceList } from '@nexus/kube'
import type { EventRecorder } from './event-recorder.ts'
import type { PodNetwork } from './network/pod-network.ts'
import type { ImageProgram } from './launch/programs.ts'
import type { ObjectWatcher } from './volumes/object-watcher.ts'

/** What all pods of a node share. */
export interface PodContext {
  readonly kube: KubeClient & Pick<NodeKubeClient, 'transport'>
  readonly programs: readonly ImageProgram[]
  readonly network: PodNetwork
  readonly events: EventRecorder
  /** Secrets and ConfigMaps of volumes. */
  readonly watcher: ObjectWatcher
  /** What a node offers. */
  readonly allocatable: (nodeName: string | undefined) => ResourceList
  /** Folder with one folder per pod. */
  readonly podsDir: string
  /** The PATH of containers that run commands. */
  readonly toolsDir: string
  readonly api: { readonly url: string; readonly caPem: string }
  readonly log: (message: string) => void
}
