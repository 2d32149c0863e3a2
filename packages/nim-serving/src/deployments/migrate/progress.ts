import type { DeployError } from '../../errors.ts'
import type { DeploymentState } from '../state.ts'
import type { RolloutPlan } from '../rollout.ts'

/** What a migration or the removal of the shared Secrets reports, each after it has happened. */
export type MigrateEvent =
  | { readonly type: 'key-checked' }
  /** NVIDIA did not say whether the key is good; the migration goes on, as the cluster used the key before. */
  | { readonly type: 'key-not-checked'; readonly because: DeployError }
  | { readonly type: 'secret-created'; readonly secret: string }
  /** A Secret goes with the InferenceService from now on. */
  | { readonly type: 'secret-owned'; readonly secret: string }
  /** `readiness`: it also got the readiness probe that it lacked. */
  | {
      readonly type: 'references-moved'
      readonly runtime: string
      readonly secrets: readonly string[]
      readonly readiness: boolean
    }
  /** Something else of this deployment names a shared Secret; it is left as it is. */
  | { readonly type: 'left-alone'; readonly user: string; readonly secret: string }
  /** No Deployment runs the InferenceService, so that nothing restarts. */
  | { readonly type: 'not-running'; readonly service: string; readonly because: string }
  /** What replacing the pods will cost, before it begins. */
  | { readonly type: 'rollout-ahead'; readonly service: string; readonly plan: RolloutPlan }
  /** `controller`: KServe changed the Deployment by itself; `restart`: it had to be told. */
  | { readonly type: 'rolling'; readonly service: string; readonly by: 'controller' | 'restart' }
  | { readonly type: 'waiting'; readonly service: string; readonly state: DeploymentState }
  | { readonly type: 'rolled'; readonly service: string }
  | { readonly type: 'verified'; readonly runtime: string }
  | { readonly type: 'secret-removed'; readonly secret: string }

/** Receives progress; must not throw. */
export type MigrateReport = (event: MigrateEvent) => void
