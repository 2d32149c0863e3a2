import type { Duplex } from 'node:stream'
import type { Exchange } from './exchange.ts'

/** Which calls are under way on which client connection. A client that pipelines has several on one. */
export class Connections {
  readonly #calls = new WeakMap<Duplex, Set<Exchange>>()

  begin(connection: Duplex, exchange: Exchange): void {
    const calls = this.#calls.get(connection) ?? new Set()
    this.#calls.set(connection, calls.add(exchange))
  }

  end(connection: Duplex, exchange: Exchange): void {
    this.#calls.get(connection)?.delete(exchange)
  }

  isIdle(connection: Duplex): boolean {
    return (this.#calls.get(connection)?.size ?? 0) === 0
  }

  /** An answer has begun and is not complete: whatever else is written here would become a part of it. */
  isAnswering(connection: Duplex): boolean {
    return [...(this.#calls.get(connection) ?? [])].some(({ sent }) => sent.status !== 0)
  }
}
