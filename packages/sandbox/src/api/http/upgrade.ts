import { ServerResponse } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

const UPGRADABLE = /\/pods\/[^/?]+\/portforward(?:\?|$)/

/** Elsewhere a request for another protocol is answered as if it had not asked, as RFC 9110 section 7.8 allows. */
export function shouldUpgradeCallback({ url = '' }: IncomingMessage): boolean {
  return UPGRADABLE.test(url)
}

/**
 * Lets requests that ask for another protocol be answered like all others: authenticated, authorized, and refused with a
 * Status. Only `takeOver` makes something else of their connection.
 */
export function onUpgrade(
  server: Server,
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    if (!(socket instanceof Socket)) {
      socket.destroy()
      return
    }
    socket.unshift(head)
    const response = new ServerResponse(request)
    // What the client sends after this request is not HTTP as far as anybody knows.
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.once('finish', () => socket.end())
    socket.once('close', () => response.destroy())
    void answer(request, response)
  })
}

/** Switches protocols as `answer` did, and returns the connection: from here on it carries that protocol. */
export function takeOver(response: ServerResponse, { headers }: IncomingMessage): Duplex {
  const { socket } = response
  if (socket === null) throw new Error('the connection is closed')
  response.detachSocket(socket)
  const names = ['connection', 'upgrade', 'x-stream-protocol-version']
  const lines = names.flatMap((name) => (headers[name] === undefined ? [] : [`${name}: ${String(headers[name])}`]))
  socket.write(`${['HTTP/1.1 101 Switching Protocols', ...lines].join('\r\n')}\r\n\r\n`)
  return socket
}
