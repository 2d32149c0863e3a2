import { messageOf } from '@nexus/core'
import type { Container } from '@nexus/kube'
import type { ContainerState } from './container-view.ts'
import { ConfigError } from '../launch/environment.ts'
import type { PodEvent } from '../event-recorder.ts'
import { MountError } from '../volumes/mount-error.ts'
import { noProgramMessage } from '../launch/programs.ts'
import type { ContainerExit } from './restart.ts'
import type { StartError } from './start-error.ts'

/** What may come any moment (a Secret, a bound claim) is looked for this often. */
const CONFIG_RETRY_MS = 2000
const FIRST_PULL_DELAY_MS = 10_000
const LONGEST_PULL_DELAY_MS = 300_000

/** A container that could not start: how it waits, and what the pod's events say. */
export interface StartFailure {
  readonly state: Extract<ContainerState, { phase: 'waiting' }>
  readonly events: readonly PodEvent[]
}

/** No program stands for the image. `failures` counts the tries, this one included: they wait 10 s doubling to 5 min. */
export function imageFailure({ name, image = '' }: Container, failures: number, now: number): StartFailure {
  const why = noProgramMessage(image)
  const retryAt = now + Math.min(LONGEST_PULL_DELAY_MS, FIRST_PULL_DELAY_MS * 2 ** (failures - 1))
  const waiting =
    failures === 1
      ? { reason: 'ErrImagePull', message: why }
      : { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ${why}` }
  return {
    state: { phase: 'waiting', ...waiting, retryAt },
    events: [
      failedEvent(name, `Failed to pull image "${image}": ${why}`),
      failedEvent(name, `Error: ${waiting.reason}`),
    ],
  }
}

/** What runtimes report for a program that they could not start. */
const START_ERROR_EXIT_CODE = 128

/** How a container ended whose program could not be started. */
export function startErrorExit(error: StartError, now: Date): ContainerExit {
  const time = now.toISOString()
  const { message } = error
  return { exitCode: START_ERROR_EXIT_CODE, reason: 'StartError', message, startedAt: time, finishedAt: time }
}

/** Anything else that kept a container from starting, with the reason a kubelet gives. */
export function startFailure({ name }: Container, error: unknown, now: number, before: ContainerState): StartFailure {
  const message = messageOf(error)
  const retryAt = now + CONFIG_RETRY_MS
  if (error instanceof MountError) {
    // Without its volumes a pod is where it was: its containers are being created.
    const reason =
      before.phase === 'waiting' && before.reason === 'PodInitializing' ? before.reason : 'ContainerCreating'
    return {
      state: { phase: 'waiting', reason, retryAt },
      events: [{ type: 'Warning', reason: 'FailedMount', message }],
    }
  }
  const reason = error instanceof ConfigError ? 'CreateContainerConfigError' : 'CreateContainerError'
  return { state: { phase: 'waiting', reason, message, retryAt }, events: [failedEvent(name, `Error: ${message}`)] }
}

function failedEvent(container: string, message: string): PodEvent {
  return { type: 'Warning', reason: 'Failed', message, container }
}
