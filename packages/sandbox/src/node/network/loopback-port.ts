import { once } from 'node:events'
import { createServer } from 'node:net'

/** A loopback port that nobody listens on at the moment. */
export async function freeLoopbackPort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = boundPort(server)
  server.close()
  await once(server, 'close')
  return port
}

/**
 * Loopback ports of containers. A program begins to listen a while after its port was chosen, and may have ended a while
 * before its end is noticed: in between nobody else must get the port, or calls for one pod would end at another.
 */
export class LoopbackPorts {
  readonly #claimed = new Set<number>()
  readonly #find: () => Promise<number>

  constructor(find: () => Promise<number> = freeLoopbackPort) {
    this.#find = find
  }

  async claim(): Promise<number> {
    for (;;) {
      const port = await this.#find()
      if (this.#claimed.has(port)) continue
      this.#claimed.add(port)
      return port
    }
  }

  release(port: number): void {
    this.#claimed.delete(port)
  }
}

/** The port on which `server` listens. */
export function boundPort(server: { address(): unknown }): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen')
  return Number(Reflect.get(address, 'port'))
}
