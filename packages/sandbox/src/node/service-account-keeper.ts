import { messageOf } from '@nexus/core'
import type { Pod } from '@nexus/kube'
import type { PodContext } from './pod-context.ts'
import { writeServiceAccount } from './service-account.ts'

const RETRY_MS = 10_000

/** Keeps the token in a pod's folder fresh for as long as the pod runs. */
export class ServiceAccountKeeper {
  readonly #context: PodContext
  readonly #dir: string
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(context: PodContext, dir: string) {
    this.#context = context
    this.#dir = dir
  }

  /**
   * Fills the folder; undefined where the pod wants none.
   *
   * @throws MountError where the API server issues no token
   */
  async prepare(pod: Pod): Promise<string | undefined> {
    if (pod.spec.automountServiceAccountToken === false) return undefined
    const { kube, api } = this.#context
    const refreshMs = await writeServiceAccount(kube, pod, { dir: this.#dir, ca: api.caPem })
    this.#refreshIn(refreshMs, pod)
    return this.#dir
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #refreshIn(milliseconds: number, pod: Pod): void {
    clearTimeout(this.#timer)
    if (!this.#closed) this.#timer = setTimeout(() => void this.#refresh(pod), milliseconds)
  }

  async #refresh(pod: Pod): Promise<void> {
    try {
      await this.prepare(pod)
    } catch (error) {
      // The old token is good for a while yet.
      this.#context.log(`token of pod ${pod.metadata.namespace}/${pod.metadata.name}: ${messageOf(error)}`)
      this.#refreshIn(RETRY_MS, pod)
    }
  }
}
