import { isConflict, isNotFound, Kinds, refTo } from '@nexus/kube'
import type { KubeClient, Pod, PodStatus } from '@nexus/kube'
import { assemblePodStatus, OWN_CONDITIONS } from './pod-status.ts'
import type { PodView } from './pod-status.ts'

/** Writes a pod's status to the API server, each change once. */
export class StatusReporter {
  readonly #kube: KubeClient
  #written: PodStatus | undefined

  constructor(kube: KubeClient) {
    this.#kube = kube
  }

  /** Rejects where the server cannot be reached; a pod that is gone is no error. */
  async report(pod: Pod, view: PodView): Promise<void> {
    const status = assemblePodStatus(this.#asWritten(pod), view, new Date())
    if (JSON.stringify(status) === JSON.stringify(this.#written)) return
    try {
      // With its uid in the patch, a later pod of the same name refuses it.
      const body = { metadata: { uid: pod.metadata.uid }, status }
      await this.#kube.patch(refTo(Kinds.Pod, pod.metadata), { type: 'merge', body }, { subresource: 'status' })
      this.#written = status
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }

  /** The watch tells of a write a little later: our own conditions are those we wrote, the others those it told. */
  #asWritten(pod: Pod): Pod {
    if (this.#written === undefined) return pod
    const own = (this.#written.conditions ?? []).filter(({ type }) => OWN_CONDITIONS.has(type))
    const others = (pod.status?.conditions ?? []).filter(({ type }) => !OWN_CONDITIONS.has(type))
    return { ...pod, status: { ...pod.status, conditions: [...own, ...others] } }
  }
}
