import { GatewayError } from '../errors.ts'

/**
 * The `Idempotency-Key` of every call under way, by caller: a client that repeats a call while the first one still runs
 * is told to wait, so that a generation is not paid for twice. Nothing is remembered once a call has ended.
 */
export class SingleFlight {
  readonly #underWay = new Set<string>()

  /**
   * Marks a call as under way; the returned function ends that.
   *
   * @throws GatewayError `request_in_progress` (409, which the official clients repeat later)
   */
  begin(callerId: string, idempotencyKey: string): () => void {
    const id = `${callerId} ${idempotencyKey}`
    if (this.#underWay.has(id)) {
      const message = 'A request with this Idempotency-Key is still being answered.'
      throw new GatewayError('request_in_progress', message, { headers: { 'retry-after': '1' } })
    }
    this.#underWay.add(id)
    return () => void this.#underWay.delete(id)
  }
}
