import type { Caller } from '../auth/caller.ts'

/** What one request holds of its caller's limits. */
export interface Reservation {
  /** `x-ratelimit-*` of the answer. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Gives the place among the calls in flight back and corrects the tokens. Exactly the first call counts.
   *
   * @param tokens what was really used; undefined: the estimate stands; 0 with `admitted: false`: the request was never
   *   served and counts for nothing
   */
  settle(tokens: number | undefined, admitted?: boolean): void
}

/** Counts what callers use. */
export interface Limiter {
  /**
   * Takes one request and `tokens` (an estimate of prompt and completion) from the caller's limits.
   *
   * @throws GatewayError `rate_limit_exceeded` (429, with `retry-after`, `retry-after-ms` and `x-ratelimit-*`) or, with
   *   Redis gone and `onFailure: closed`, `limiter_unavailable` (503); at once or as a rejection. A refused request is not counted.
   */
  reserve(caller: Caller, tokens: number): Reservation | Promise<Reservation>
  close(): Promise<void>
}
