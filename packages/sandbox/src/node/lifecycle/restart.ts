/** How a container ended, times as RFC 3339. */
export interface ContainerExit {
  readonly exitCode: number
  /** The signal that ended it, by number. */
  readonly signal?: number | undefined
  /** `Completed`, `Error`, `StartError` (the program is not there) or `ContainerStatusUnknown`. */
  readonly reason: string
  readonly message?: string | undefined
  readonly startedAt: string
  readonly finishedAt: string
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

const FIRST_DELAY_MS = 10_000
const LONGEST_DELAY_MS = 300_000
/** A container that ran this long is healthy again: its next crash counts as the first. */
export const HEALTHY_RUN_MS = 600_000

export function isRestarted(policy: RestartPolicy, exitCode: number): boolean {
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

/**
 * Milliseconds between a container's end and its next start. The kubelet's curve: the first crash restarts at once, then
 * 10 s doubling to 5 min.
 */
export function restartDelayMs(crashes: number): number {
  if (crashes <= 1) return 0
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (crashes - 2))
}

/** The number of crashes in a row, after one more that ran from `startedAt` to `finishedAt`. */
export function countCrash(crashes: number, { startedAt, finishedAt }: ContainerExit): number {
  return Date.parse(finishedAt) - Date.parse(startedAt) >= HEALTHY_RUN_MS ? 1 : crashes + 1
}
