import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { messageOf } from '@nexus/core'
import { SpdyConnection } from './spdy/connection.ts'
import type { SpdyStream } from './spdy/connection.ts'

/** The protocol of the streams, as clients and kubelets name it. */
export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io'

/** What is forwarded to: the pod, for messages, and the loopback port behind one of its ports. */
export interface ForwardTarget {
  readonly pod: string
  readonly loopbackPort: (port: number) => number | undefined
}

/** The two streams of one forwarded connection. */
interface Pair {
  readonly port: number
  error?: SpdyStream
  data?: SpdyStream
}

/**
 * Serves `kubectl port-forward` on a connection that speaks SPDY: for each connection to the local port the client opens a
 * stream for errors and one for data, which carry the same `requestID`. Resolves when the connection is over.
 */
export function forwardPorts(socket: Duplex, target: ForwardTarget): Promise<void> {
  const pairs = new Map<string, Pair>()
  const connection = new SpdyConnection(socket, {
    onStream(stream) {
      const port = Number(stream.headers.get('port'))
      const id = stream.headers.get('requestid')
      const type = stream.headers.get('streamtype')
      const isPort = Number.isInteger(port) && port > 0 && port <= 65_535
      if (!isPort || id === undefined || (type !== 'error' && type !== 'data')) return false
      const pair = pairs.get(id) ?? { port }
      if (pair[type] !== undefined) return false
      pair[type] = stream
      pairs.set(id, pair)
      stream.once('close', () => pairs.delete(id))
      if (type === 'error') stream.resume() // it says nothing, but ends
      const { error, data } = pair
      if (error !== undefined && data !== undefined) forward({ port: pair.port, error, data }, target)
      return true
    },
  })
  return connection.ended
}

/** Connects a pair of streams with the program in the pod. */
function forward({ port, error, data }: Required<Pair>, { pod, loopbackPort }: ForwardTarget): void {
  const fail = (reason: string): void => {
    error.end(`error forwarding port ${port} to pod ${pod}, uid : ${reason}`)
    data.resume() // what still comes is for nobody, and must not stop the other streams
    data.end()
  }
  const listening = loopbackPort(port)
  const refused = `failed to connect to localhost:${port} inside the pod: connection refused`
  if (listening === undefined) return fail(refused)
  const upstream = connect({ host: '127.0.0.1', port: listening, allowHalfOpen: true })
  let isConnected = false
  upstream.setNoDelay(true)
  upstream.once('connect', () => {
    isConnected = true
    data.pipe(upstream).pipe(data)
  })
  upstream.once('error', (thrown) => {
    if (isConnected) data.destroy()
    else fail(Reflect.get(thrown, 'code') === 'ECONNREFUSED' ? refused : messageOf(thrown))
  })
  upstream.once('close', () => error.end())
  data.once('close', () => upstream.destroy())
}
