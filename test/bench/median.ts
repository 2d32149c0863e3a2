const ROUNDS = 9

/** The middle of some figures. */
export function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN
}

/** How long something takes, in milliseconds: the median of nine runs. */
export async function medianMs(measured: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    await measured()
    times.push(performance.now() - start)
  }
  return median(times)
}
