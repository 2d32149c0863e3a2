/**
 * How long to wait before retry number `attempt` (1 for the first): anything up to a limit that doubles with each, so
 * that calls which failed together do not come back together.
 *
 * @param backoffMs the limit for the first retry, and the highest limit
 * @param random from 0 up to, not including, 1
 */
export function backoffMs(
  attempt: number,
  { backoffMs: [first, longest] }: { readonly backoffMs: readonly [number, number] },
  random: () => number,
): number {
  return random() * Math.min(longest, first * 2 ** (attempt - 1))
}
