/** Bytes per second that a client must keep up while it sends a body, and how long it may be slower at first. */
const MIN_BYTES_PER_SECOND = 1024
const GRACE_MS = 20_000

/**
 * Whether a body arrives so slowly that its connection is better closed: a client that drips bytes holds memory and a
 * slot for as long as it likes.
 *
 * @param elapsedMs since its head was complete
 * @param limitMs what a whole body may take at most
 */
export function isBodyTooSlow(receivedBytes: number, elapsedMs: number, limitMs: number): boolean {
  if (elapsedMs >= limitMs) return true
  return elapsedMs >= GRACE_MS && receivedBytes * 1000 < elapsedMs * MIN_BYTES_PER_SECOND
}
