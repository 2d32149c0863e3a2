import type { Container, Pod } from '@nexus/kube'
import type { ContainerExit, RestartPolicy } from './restart.ts'

/** `sidecar`: an init container with `restartPolicy: Always`, which runs beside what comes after it. */
export type ContainerRole = 'init' | 'sidecar' | 'main'

/** What the agent knows of one container of a pod. */
export interface ContainerView {
  readonly name: string
  readonly role: ContainerRole
  /** The image of the run, or of the next one. */
  readonly image: string
  /** The program's name, undefined while no program was found. */
  readonly program?: string | undefined
  readonly restartCount: number
  /** Ends in a row without a healthy run between them. */
  readonly crashes: number
  readonly state: ContainerState
  /** How the run before this one ended. */
  readonly lastExit?: ContainerExit | undefined
}

export type ContainerState =
  /** Not started yet; `reason` as in the pod's status, `retryAt` in milliseconds since the epoch. */
  | {
      readonly phase: 'waiting'
      readonly reason: string
      readonly message?: string | undefined
      readonly retryAt: number
    }
  | {
      readonly phase: 'running'
      readonly startedAt: string
      /** The startup probe has passed, or there is none. */
      readonly started: boolean
      /** The readiness probe passes, or there is none. */
      readonly ready: boolean
      /** A probe whose failure ends the container. */
      readonly failed?: 'liveness' | 'startup' | undefined
      /** It was told to end. */
      readonly stopping: boolean
      /** What it was given to end by itself, once it was told. */
      readonly graceSeconds?: number | undefined
    }
  | { readonly phase: 'exited'; readonly exit: ContainerExit }

/** True once a container has run in this pod, in this life of the agent or an earlier one. */
export function hasRun(container: ContainerView): boolean {
  return container.state.phase !== 'waiting' || container.lastExit !== undefined
}

/** The containers of a pod with their roles, in the order in which they start. */
export function containersOf({ spec }: Pod): { container: Container; role: ContainerRole }[] {
  const early = (spec.initContainers ?? []).map((container) => {
    const role: ContainerRole = container.restartPolicy === 'Always' ? 'sidecar' : 'init'
    return { container, role }
  })
  return [...early, ...spec.containers.map((container) => ({ container, role: 'main' as const }))]
}

/** When a container of that role starts again: init containers end well once, sidecars never. */
export function policyFor(role: ContainerRole, { spec }: Pod): RestartPolicy {
  const { restartPolicy = 'Always' } = spec
  if (role === 'main') return restartPolicy
  if (role === 'sidecar') return 'Always'
  return restartPolicy === 'Never' ? 'Never' : 'OnFailure'
}

/** Why a container waits that nothing has been tried for yet. */
export function firstReason(role: ContainerRole, { spec }: Pod): string {
  const initializes = role !== 'main' || (spec.initContainers ?? []).length > 0
  return initializes ? 'PodInitializing' : 'ContainerCreating'
}
