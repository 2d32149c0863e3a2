import type { NodeKubeClient } from '@nexus/kube/node'
import type { KubeClient } from '@nexus/kube'
import type { EventRecorder } from './event-recorder.ts'
import type { PodNetwork } from './pod-network.ts'
import type { Program } from './programs.ts'

/** What all pods of a node share. */
export interface PodContext {
  readonly kube: KubeClient & Pick<NodeKubeClient, 'transport'>
  readonly programs: readonly Program[]
  readonly network: PodNetwork
  readonly events: EventRecorder
  /** Folder with one folder per pod. */
  readonly podsDir: string
  readonly api: { readonly url: string; readonly caPem: string }
  readonly log: (message: string) => void
}
