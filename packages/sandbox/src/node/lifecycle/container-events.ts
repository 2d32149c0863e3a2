import type { Container, Pod } from '@nexus/kube'
import type { StopReason } from './decide.ts'
import type { PodEvent } from '../event-recorder.ts'
import type { ProbeKind } from '../probes/health.ts'
import { fullName } from '../status/pod-status.ts'

// What the events of a pod say, in the kubelet's words.

export function startEvents({ name, image }: Container): PodEvent[] {
  return [
    normal('Pulled', `Container image "${image}" already present on machine`, name),
    normal('Created', `Created container: ${name}`, name),
    normal('Started', `Started container ${name}`, name),
  ]
}

export function killingEvent(container: string, because: StopReason): PodEvent {
  return normal('Killing', killingMessage(container, because), container)
}

function killingMessage(container: string, because: StopReason): string {
  switch (because) {
    case 'deleted':
    case 'ended':
      return `Stopping container ${container}`
    case 'liveness':
    case 'startup':
      return `Container ${container} failed ${because} probe, will be restarted`
    case 'changed':
      return `Container ${container} definition changed, will be restarted`
    default:
      return because satisfies never
  }
}

export function unhealthyEvent(container: string, kind: ProbeKind, why: string): PodEvent {
  const probe = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`
  return { type: 'Warning', reason: 'Unhealthy', message: `${probe} probe failed: ${why}`, container }
}

/** What the hook said is in the log of the agent: it may hold what events must not. */
export function hookEvent(hook: 'PostStart' | 'PreStop', container: string): PodEvent {
  return { type: 'Warning', reason: `Failed${hook}Hook`, message: `${hook}Hook failed`, container }
}

export function backOffEvent(pod: Pod, container: string): PodEvent {
  const message = `Back-off restarting failed container ${container} in pod ${fullName(pod)}`
  return { type: 'Warning', reason: 'BackOff', message, container }
}

export function deadlineEvent(reason: string, message: string): PodEvent {
  return { type: 'Normal', reason, message }
}

function normal(reason: string, message: string, container: string): PodEvent {
  return { type: 'Normal', reason, message, container }
}
