import type { ResourceName } from '../../types.ts'
import type { RolloutPlan } from '../rollout.ts'

/** What a rotation reports as it happens, each after it has happened. */
export type RotationEvent =
  | { readonly type: 'key-checked' }
  | { readonly type: 'key-check-skipped' }
  | { readonly type: 'rollout-planned'; readonly plan: RolloutPlan }
  /** Other deployments that read the same Secrets: they take the new key when they restart. */
  | { readonly type: 'also-used-by'; readonly deployments: readonly string[] }
  /** The old key is kept under this id from now on. */
  | { readonly type: 'opened'; readonly id: string }
  | { readonly type: 'continued'; readonly id: string; readonly goal: 'rotate' | 'undo' }
  | { readonly type: 'written'; readonly resource: ResourceName }
  /** The pods are to be replaced. */
  | { readonly type: 'restarting' }
  /** Nothing runs, so nothing restarts; the next start reads the key. */
  | { readonly type: 'not-running' }
  | { readonly type: 'waiting'; readonly reason: string }
  | { readonly type: 'rolled-out' }
  | { readonly type: 'verified' }
  /** The old key, or after an undo the new one, is gone. */
  | { readonly type: 'closed'; readonly id: string }

/** Receives progress; must not throw. */
export type RotationReport = (event: RotationEvent) => void
