import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'

/** A write the proxy saw, dry runs not counted: `POST /api/v1/namespaces/demo/secrets`. */
export type Write = string

export interface FaultProxy {
  readonly url: string
  readonly writes: readonly Write[]
  /** Answers 500 to the n-th write from now on (1 is the next), once; none with 0. */
  failWrite(n: number): void
  close(): Promise<void>
}

const Kubeconfig = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.string(), 'certificate-authority-data': z.string().optional() }) }),
  ]),
})

/** A plain HTTP proxy in front of a cluster's API server that can fail one write of a client. */
export async function startFaultProxy(kubeconfig: string): Promise<FaultProxy> {
  const { cluster } = Kubeconfig.parse(parse(await readFile(kubeconfig, 'utf8'))).clusters[0]
  const writes: Write[] = []
  let failing = 0
  let seen = 0
  const server = createServer((incoming, outgoing) => {
    if (isWrite(incoming)) {
      writes.push(`${incoming.method} ${incoming.url}`)
      if (++seen === failing) return refuse(incoming, outgoing)
    }
    forward(cluster.server, incoming, outgoing)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    writes,
    failWrite(n) {
      failing = n
      seen = 0
      writes.length = 0
    },
    async close() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

function isWrite({ method = 'GET', url = '' }: IncomingMessage): boolean {
  return method !== 'GET' && !url.includes('dryRun=All')
}

function refuse(incoming: IncomingMessage, outgoing: ServerResponse): void {
  incoming.resume()
  outgoing.writeHead(500, { 'content-type': 'application/json' })
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'InternalError', code: 500 }
  outgoing.end(JSON.stringify({ ...status, message: 'the fault proxy refuses this write' }))
}

function forward(server: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { host: _, ...headers } = incoming.headers
  const url = new URL(incoming.url ?? '/', server)
  const send = url.protocol === 'https:' ? httpsRequest : request
  const upstream = send(
    url,
    // The certificate was made for this test's own server on loopback.
    { method: incoming.method, headers, rejectUnauthorized: false },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    },
  )
  upstream.on('error', () => outgoing.destroy())
  outgoing.on('close', () => upstream.destroy())
  incoming.pipe(upstream)
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port')
  return address.port
}
