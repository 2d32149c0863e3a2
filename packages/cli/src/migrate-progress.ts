import type { MigrateEvent, RolloutPlan } from '@nexus/nim-serving'
import type { Shell } from './shell.ts'

/** Tells a person on stderr what a migration does, each step when it has happened; a state that was told is not told again. */
export function migrateReport(
  shell: Shell,
  { keyCheckedBy = 'NVIDIA' }: { keyCheckedBy?: string } = {},
): (event: MigrateEvent) => void {
  let told = ''
  return (event) => {
    const line = renderEvent(event, keyCheckedBy)
    if (line !== told) shell.talk(`  ${line}`)
    told = line
  }
}

function renderEvent(event: MigrateEvent, keyCheckedBy: string): string {
  switch (event.type) {
    case 'key-checked':
      return `key accepted by ${keyCheckedBy}`
    case 'key-not-checked':
      return `warning: the key was not checked, and the migration goes on: ${event.because.message}`
    case 'secret-created':
      return `Secret ${event.secret} created`
    case 'secret-owned':
      return `Secret ${event.secret} now goes with the InferenceService`
    case 'references-moved':
      return (
        `ServingRuntime ${event.runtime} now uses ${event.secrets.join(' and ')}` +
        (event.readiness ? ', and new pods count as ready when their model is loaded' : '')
      )
    case 'left-alone':
      return `warning: ${event.user} itself names ${event.secret}; a migration does not change InferenceServices`
    case 'not-running':
      return `${event.service} is not restarted: ${event.because}`
    case 'rollout-ahead':
      return `${event.service}: ${renderRollout(event.plan)}`
    case 'rolling':
      return event.by === 'controller'
        ? `${event.service}: KServe replaces the pods`
        : `${event.service}: restarted, and KServe replaces the pods`
    case 'waiting':
      return `${event.service} ${event.state.phase}: ${event.state.reason}`
    case 'rolled':
      return `${event.service}: all pods use the new Secrets`
    case 'verified':
      return `ServingRuntime ${event.runtime} read back: its references are in order`
    case 'secret-removed':
      return `Secret ${event.secret} removed`
    default:
      return event satisfies never
  }
}

/** What replacing the pods will cost. */
function renderRollout({ outcome, reason }: RolloutPlan): string {
  switch (outcome) {
    case 'idle':
      return reason
    case 'seamless':
      return `replacing its pods takes their resources twice for a while. ${reason}`
    case 'interrupts':
      return `warning: replacing its pods interrupts it. ${reason}`
    case 'deadlocks':
      return `warning: replacing its pods takes their resources twice. ${reason} The old copy answers until room is made`
    case 'unknown':
      return `warning: replacing its pods takes their resources twice. ${reason}`
    default:
      return outcome satisfies never
  }
}
