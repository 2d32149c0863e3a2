import { randomBytes } from 'node:crypto'
import type { RedisConnection } from './redis-connection.ts'
import type { HeldReservation } from './reservation.ts'
import { keysOf, RENEW } from './scripts.ts'

/** How long Redis believes that a request is in flight without hearing of it. A crashed replica frees its places after it. */
export const LEASE_MS = 30_000

const RENEW_EVERY_MS = LEASE_MS / 3
/** A renewal of many leases goes in parts: Redis serves nobody else while it runs a script. */
const RENEWED_AT_ONCE = 500

/** The places among a caller's requests in flight that this replica holds, and renews while they are held. */
export class Leases {
  readonly #prefix = randomBytes(8).toString('hex')
  readonly #held = new Map<HeldReservation, string>()
  readonly #timer: NodeJS.Timeout
  #count = 0

  /** @param connection gives the connection in use, if any */
  constructor(connection: () => RedisConnection | undefined, timeoutMs: number) {
    this.#timer = setInterval(() => {
      const inUse = connection()
      // A failure ends the connection, and the next one begins with a renewal.
      if (inUse !== undefined) this.renew(inUse, timeoutMs).catch(() => undefined)
    }, RENEW_EVERY_MS).unref()
  }

  /** A name that no other request of any replica has. */
  next(): string {
    this.#count += 1
    return `${this.#prefix}:${this.#count}`
  }

  hold(reservation: HeldReservation, lease: string): void {
    this.#held.set(reservation, lease)
  }

  /** The lease that a reservation held, which is no longer renewed; undefined for none. */
  release(reservation: HeldReservation): string | undefined {
    const lease = this.#held.get(reservation)
    this.#held.delete(reservation)
    return lease
  }

  /**
   * Extends all that are held. Everything is sent at once: a lease that is released later is given back later.
   *
   * @throws Error when Redis does not take it
   */
  async renew(connection: RedisConnection, timeoutMs: number): Promise<void> {
    const answers: Promise<unknown>[] = []
    for (const [callerId, leases] of this.#byCaller()) {
      const [, leasesKey] = keysOf(callerId)
      for (let from = 0; from < leases.length; from += RENEWED_AT_ONCE) {
        const part = leases.slice(from, from + RENEWED_AT_ONCE)
        answers.push(connection.run(RENEW, [leasesKey], [LEASE_MS, ...part], timeoutMs))
      }
    }
    await Promise.all(answers)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #byCaller(): Map<string, string[]> {
    const byCaller = new Map<string, string[]>()
    for (const [reservation, lease] of this.#held) {
      const { callerId } = reservation.usage
      const leases = byCaller.get(callerId)
      if (leases === undefined) byCaller.set(callerId, [lease])
      else leases.push(lease)
    }
    return byCaller
  }
}
