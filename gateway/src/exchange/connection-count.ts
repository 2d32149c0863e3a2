import type { Socket } from 'node:net'

/** How many connections each address has. It holds no more addresses than there are connections. */
export class ConnectionCount {
  readonly #max: number
  readonly #counts = new Map<string, number>()

  /** @param max connections of one address; 0 means no limit */
  constructor(max: number) {
    this.#max = max
  }

  /** Counts a connection until it closes, or says that its address has too many. */
  admit(socket: Socket): boolean {
    if (this.#max === 0) return true
    const address = socket.remoteAddress ?? ''
    const count = this.#counts.get(address) ?? 0
    if (count >= this.#max) return false
    this.#counts.set(address, count + 1)
    socket.once('close', () => this.#release(address))
    return true
  }

  #release(address: string): void {
    const count = this.#counts.get(address) ?? 0
    if (count > 1) this.#counts.set(address, count - 1)
    else this.#counts.delete(address)
  }
}
