import type { Caller } from '../auth/caller.ts'
import type { Plan } from './candidate.ts'

/** Plans that were made on one snapshot: they depend on nothing but the caller and the model. */
export interface PlanCache {
  get(caller: Caller, model: string): Plan | undefined
  /** Only for models that exist: what a client makes up must not grow this. */
  set(caller: Caller, model: string, plan: Plan): void
}

/** An empty {@link PlanCache}. Callers that are gone are forgotten. */
export function createPlanCache(): PlanCache {
  const byCaller = new WeakMap<Caller, Map<string, Plan>>()
  return {
    get: (caller, model) => byCaller.get(caller)?.get(model),
    set: (caller, model, plan) => {
      const plans = byCaller.get(caller)
      if (plans === undefined) byCaller.set(caller, new Map([[model, plan]]))
      else plans.set(model, plan)
    },
  }
}
