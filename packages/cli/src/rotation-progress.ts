import { renderOutage } from '@nexus/nim-serving'
import type { RolloutPlan, RotationEvent, RotationReport } from '@nexus/nim-serving'
import type { Shell } from './shell.ts'

/** Tells a person on stderr what a rotation does, each step when it has happened. */
export function rotationReport(shell: Shell, { keyCheckedBy }: { readonly keyCheckedBy: string }): RotationReport {
  return (event) => shell.talk(`  ${renderEvent(event, keyCheckedBy)}`)
}

function renderEvent(event: RotationEvent, keyCheckedBy: string): string {
  switch (event.type) {
    case 'key-checked':
      return `key accepted by ${keyCheckedBy}`
    case 'key-check-skipped':
      return 'key check skipped'
    case 'rollout-planned':
      return renderRollout(event.plan)
    case 'also-used-by':
      return `warning: ${event.deployments.join(', ')} read the same Secrets and take the new key when they restart`
    case 'opened':
      return `rotation ${event.id} has begun; the old key is kept until it ends`
    case 'continued':
      return `rotation ${event.id} goes on${event.goal === 'undo' ? ': the old key comes back' : ''}`
    case 'written':
      return `${event.resource.kind} ${event.resource.name} written`
    case 'restarting':
      return 'the pods are being replaced'
    case 'not-running':
      return 'nothing runs, so nothing restarts; the next start reads the key'
    case 'waiting':
      return `waiting: ${event.reason}`
    case 'rolled-out':
      return 'all pods are new and ready'
    case 'verified':
      return 'it answers a request'
    case 'closed':
      return `rotation ${event.id} has ended; the other key is removed`
    default:
      return event satisfies never
  }
}

/** What replacing the pods will do, in one line. */
export function renderRollout(plan: RolloutPlan): string {
  switch (plan.outcome) {
    case 'idle':
    case 'seamless':
    case 'interrupts':
      return plan.reason
    case 'deadlocks':
    case 'unknown':
      return [
        plan.reason,
        ...plan.options.map(({ strategy, outage }) => `With ${strategy}: ${renderOutage(outage)}`),
      ].join(' ')
    default:
      return plan satisfies never
  }
}
