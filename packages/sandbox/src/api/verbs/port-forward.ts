import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import type { Duplex } from 'node:stream'
import type { Call } from '../cluster.ts'
import { badRequest } from '../errors.ts'
import { takeOver } from '../http/upgrade.ts'
import { stringAt } from '../objects/fields.ts'
import { askKubelet, kubeletUnreachable, kubeletUrl } from './kubelet.ts'
import { requireObject } from './update.ts'

const SPDY = 'SPDY/3.1'

/**
 * GET and POST on `pods/<name>/portforward`: joins the client's connection with one to the pod's node, which speaks SPDY.
 * kubectl asks for a WebSocket first; refused, it falls back to SPDY.
 */
export async function forwardPorts(call: Call, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pod = requireObject(call)
  const nodeName = stringAt(pod, 'spec', 'nodeName')
  if (!nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
  const url = kubeletUrl(call.cluster, nodeName)
  if (request.headers.upgrade?.toLowerCase() !== SPDY.toLowerCase()) throw badRequest('Upgrade request required')
  const version = request.headers['x-stream-protocol-version']
  const upstream = askKubelet(call.cluster, pod, url, {
    endpoint: 'portForward',
    method: 'POST',
    headers: {
      connection: 'Upgrade',
      upgrade: SPDY,
      ...(version !== undefined && { 'x-stream-protocol-version': version }),
    },
  })
  await new Promise<void>((resolve, reject) => {
    upstream.once('error', (error) => reject(kubeletUnreachable(upstream, error)))
    upstream.once('upgrade', (answer: IncomingMessage, kubelet: Duplex, head: Buffer) => {
      kubelet.unshift(head)
      join(takeOver(response, answer), kubelet)
      resolve()
    })
    upstream.once('response', (refusal) => {
      response.writeHead(refusal.statusCode ?? 502, { 'content-type': refusal.headers['content-type'] ?? 'text/plain' })
      pipeline(refusal, response, () => resolve())
    })
    response.once('close', () => upstream.destroy())
    upstream.end()
  })
}

/** Bytes both ways until either side is gone. */
function join(client: Duplex, kubelet: Duplex): void {
  for (const [from, to] of [
    [client, kubelet],
    [kubelet, client],
  ] as const) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.once('close', () => to.destroy())
  }
}
