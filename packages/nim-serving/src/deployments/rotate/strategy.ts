import { planRollout, renderOutage } from '../rollout.ts'
import type { RolloutFacts, RolloutPlan, RolloutStrategy } from '../rollout.ts'
import { fetchRolloutFacts } from '../rollout-facts.ts'
import type { RotateDeps } from './deps.ts'
import { RotateError } from './errors.ts'
import type { Rotation } from './rotation.ts'

/**
 * What was asked for, else `rolling`: nobody is surprised by a rollout that does not end, or by an outage.
 * @throws RotateError `NEXUS_ROTATE_NO_ROOM` with the choices and what each costs.
 */
export function chooseStrategy(name: string, plan: RolloutPlan, asked: RolloutStrategy | undefined): RolloutStrategy {
  if (asked !== undefined) return asked
  switch (plan.outcome) {
    case 'idle':
    case 'seamless':
    case 'interrupts':
      return 'rolling'
    case 'deadlocks':
    case 'unknown':
      throw noRoom(name, plan)
    default:
      return plan satisfies never
  }
}

function noRoom(name: string, plan: Extract<RolloutPlan, { outcome: 'deadlocks' | 'unknown' }>): RotateError {
  const choices = plan.options.map(({ strategy, outage }) => `  --strategy ${strategy}: ${renderOutage(outage)}`)
  const anyway = plan.outcome === 'unknown' ? ['  --strategy rolling: where you know that a second copy fits.'] : []
  return new RotateError('NEXUS_ROTATE_NO_ROOM', `${name} cannot be restarted just so. ${plan.reason}`, {
    hint: ['Make room, or choose:', ...choices, ...anyway].join('\n'),
  })
}

/**
 * The strategy of a rotation that goes on, because the cluster may have become full since it began. One that was chosen
 * stays: the InferenceService may have it already.
 * @throws RotateError `NEXUS_ROTATE_NO_ROOM`; KubeApiError.
 */
export async function strategyNow(
  rotation: Rotation,
  { kube, signal }: RotateDeps,
  asked: RolloutStrategy | undefined,
): Promise<RolloutStrategy> {
  if (rotation.strategy !== 'rolling') return rotation.strategy
  if (asked !== undefined) return asked
  const { deployment: name, project } = rotation
  const facts = await fetchRolloutFacts(kube, { name, project }, { signal })
  // An undo that finds all old pods running only ends the new ones.
  if (rotation.goal === 'undo' && oldPodsRun(facts)) return 'rolling'
  return chooseStrategy(name, planRollout(facts), undefined)
}

function oldPodsRun({ deployment }: RolloutFacts): boolean {
  const { replicas = 0, updatedReplicas = 0 } = deployment?.status ?? {}
  return replicas - updatedReplicas >= (deployment?.spec.replicas ?? 1)
}
