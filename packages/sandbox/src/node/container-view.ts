import type { ContainerExit } from './restart.ts'

/** What the agent knows of one container of a pod. */
export interface ContainerView {
  readonly name: string
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
      /** SIGTERM was sent. */
      readonly stopping: boolean
    }
  | { readonly phase: 'exited'; readonly exit: ContainerExit }

/** True once a container has run in this pod, in this life of the agent or an earlier one. */
export function hasRun(container: ContainerView): boolean {
  return container.state.phase !== 'waiting' || container.lastExit !== undefined
}
