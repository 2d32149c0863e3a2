/**
 * One window of one caller and one kind of limit: what was used until it ends. A caller's next window is another object,
 * so that a request which settles late corrects the window it was admitted in and no other.
 */
export class Window {
  /** Monotonic milliseconds. */
  readonly endsAt: number
  /** What this replica granted. */
  used: number
  /** How Redis knows the window: its start on Redis' clock. 0: Redis has not seen it. */
  sharedId: number
  /** What Redis has been told of `used`. */
  shared: number

  constructor(endsAt: number, sharedId = 0) {
    this.endsAt = endsAt
    this.used = 0
    this.sharedId = sharedId
    this.shared = 0
  }
}

/** What is used of a window that may be absent or over. */
export function usedIn(window: Window | undefined, now: number): number {
  return window === undefined || now >= window.endsAt ? 0 : window.used
}

/** How many milliseconds a window still runs; `lengthMs` when the next request would open a new one. */
export function resetMsOf(window: Window | undefined, lengthMs: number, now: number): number {
  return window === undefined || now >= window.endsAt ? lengthMs : window.endsAt - now
}
