import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { request } from 'node:https'
import { pipeline } from 'node:stream/promises'
import type { ClusterAccess } from '@nexus/kube/node'
import { addressOf } from './cluster.ts'

/** What happens to a write instead of, or after, its effect. */
export type Fault =
  /** 500, and the server never hears of it. */
  | 'refused'
  /** The write takes effect, and the answer is 500 all the same. */
  | 'lost-answer'
  /** The write takes effect, and the connection breaks. */
  | 'reset'
  /** 500 to this write and to every request after it. */
  | 'down'

/** A request that reached the proxy. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  /** A request that changes something: no read, no dry run. */
  readonly isWrite: boolean
}

export interface FaultProxy extends AsyncDisposable {
  readonly access: ClusterAccess
  readonly requests: readonly SeenRequest[]
}

/** An HTTP server in front of an API server that spoils its `failing`-th write (counted from 0; -1: none). */
export async function startFaultProxy(upstream: ClusterAccess, failing: number, fault: Fault): Promise<FaultProxy> {
  const requests: SeenRequest[] = []
  let writes = 0
  let isDown = false
  const server = createServer((incoming, outgoing) => {
    const seen = describe(incoming)
    requests.push(seen)
    const spoiled = seen.isWrite && writes++ === failing
    isDown ||= spoiled && fault === 'down'
    relay(upstream, incoming, outgoing, spoiled || isDown ? fault : undefined).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = addressOf(server.address())
  return {
    access: { server: `http://127.0.0.1:${port}`, auth: upstream.auth },
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

function describe({ method = '', url = '' }: IncomingMessage): SeenRequest {
  return { method, path: url, isWrite: method !== 'GET' && !url.includes('dryRun=All') }
}

async function relay(
  upstream: ClusterAccess,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  if (fault === 'refused' || fault === 'down') {
    incoming.resume()
    return refuse(outgoing)
  }
  const answer = await forward(upstream, incoming)
  if (fault === undefined) {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    return pipeline(answer, outgoing)
  }
  await answer.resume().toArray()
  if (fault === 'lost-answer') return refuse(outgoing)
  outgoing.socket?.resetAndDestroy()
}

function forward(upstream: ClusterAccess, incoming: IncomingMessage): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { ca, server } = upstream
    const outgoing = request(
      new URL(incoming.url ?? '/', server),
      {
        method: incoming.method,
        headers: { ...incoming.headers, host: new URL(server).host },
        rejectUnauthorized: upstream.skipTlsVerify !== true,
        ...(ca === undefined ? {} : { ca }),
        agent: false,
      },
      resolve,
    )
    outgoing.once('error', reject)
    pipeline(incoming, outgoing).catch(reject)
  })
}

function refuse(outgoing: ServerResponse): void {
  outgoing.writeHead(500, { 'content-type': 'application/json' })
  outgoing.end(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'injected fault', code: 500 }),
  )
}
