import type { SecretText } from '@nexus/core'
import type { KubeClient } from '@nexus/kube'
import type { KeyCheck } from '../../keys/check.ts'
import type { DeploymentRef } from '../../types.ts'
import type { RolloutStrategy } from '../rollout.ts'
import type { RotationReport } from './progress.ts'

export interface RotateDeps {
  readonly kube: KubeClient
  /** Asks NVIDIA about a key: `(key, signal) => checkKey(key, { fetch, url, signal })`. */
  readonly checkKey: (key: SecretText, signal?: AbortSignal) => Promise<KeyCheck>
  /** Who is named in the Secrets as the one who gave the key. */
  readonly keySetBy: string
  /** Sends the deployment a request and resolves when it has answered. Undefined: ready pods are enough. */
  readonly verify?: ((ref: DeploymentRef, signal?: AbortSignal) => Promise<void>) | undefined
  readonly report?: RotationReport | undefined
  readonly signal?: AbortSignal | undefined
  /** How long the new pods may take to be ready. Default an hour, as long as a download may take. */
  readonly timeoutMs?: number | undefined
  /** Default `rot-` and eight random characters. */
  readonly rotationId?: string | undefined
}

/** Names an open rotation. */
export interface RotationRef {
  readonly id: string
  /** The namespace. */
  readonly project: string
}

export interface RotateOptions {
  /** How pods are replaced. Default as the deployment says, which is refused where it would not end. */
  readonly strategy?: RolloutStrategy | undefined
  /** Does not ask NVIDIA about the key. Default false. */
  readonly skipKeyCheck?: boolean | undefined
  /** Lets the server check everything and writes nothing. Default false. */
  readonly dryRun?: boolean | undefined
}
