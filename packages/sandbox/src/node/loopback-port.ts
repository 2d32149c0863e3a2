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

/** The port on which `server` listens. */
export function boundPort(server: { address(): unknown }): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen')
  return Number(Reflect.get(address, 'port'))
}
