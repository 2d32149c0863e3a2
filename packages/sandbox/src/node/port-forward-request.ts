import { STATUS_CODES } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { PodWorker } from './pod-worker.ts'
import { forwardPorts, PORT_FORWARD_PROTOCOL } from './port-forward.ts'

const PATH = /^\/portForward\/([^/?]+)\/([^/?]+)(?:\?|$)/

/** True for a request to speak SPDY with a pod. API servers pass the client's method on: POST, or the GET of a WebSocket. */
export function isPortForward({ url = '', headers }: IncomingMessage): boolean {
  return PATH.test(url) && headers.upgrade?.toLowerCase() === 'spdy/3.1'
}

/** Answers a request of which `isPortForward` is true, on the connection it came by. */
export function acceptPortForward(
  { url = '', headers }: IncomingMessage,
  socket: Duplex,
  findPod: (namespace: string, name: string) => PodWorker | undefined,
): void {
  const [, namespace = '', name = ''] = PATH.exec(url) ?? []
  const worker = findPod(decoded(namespace), decoded(name))
  if (worker === undefined) return refuse(socket, 404, `pod "${name}" does not exist`)
  if (headers['x-stream-protocol-version'] !== PORT_FORWARD_PROTOCOL) {
    return refuse(socket, 403, `unable to upgrade: the only protocol is ${PORT_FORWARD_PROTOCOL}`)
  }
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1']
  socket.write(`${[...lines, `X-Stream-Protocol-Version: ${PORT_FORWARD_PROTOCOL}`].join('\r\n')}\r\n\r\n`)
  void forwardPorts(socket, {
    pod: `${name}_${namespace}`,
    loopbackPort: (port) => worker.loopbackPort(port),
  })
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function refuse(socket: Duplex, status: number, message: string): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(message)}`,
    'Connection: close',
  ]
  socket.on('error', () => {}) // whoever asked may be gone
  socket.end(`${lines.join('\r\n')}\r\n\r\n${message}`)
}
