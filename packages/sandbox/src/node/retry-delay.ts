/** Milliseconds before the next try to start a container that could not start: what may come any moment is looked at often. */
export const CONFIG_RETRY_MS = 2000

const FIRST_PULL_DELAY_MS = 10_000
const LONGEST_PULL_DELAY_MS = 300_000

/** Milliseconds until an image is looked for again, after so many failures: 10 s doubling to 5 min. */
export function pullDelayMs(failures: number): number {
  return Math.min(LONGEST_PULL_DELAY_MS, FIRST_PULL_DELAY_MS * 2 ** (failures - 1))
}
