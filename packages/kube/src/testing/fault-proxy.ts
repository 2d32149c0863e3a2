import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { request } from 'node:https'
import { pipeline } from 'node:stream/promises'
import type { ClusterAccess } from '../node/index.ts'
import { portOf } from './ports.ts'

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
  /** 409, as if somebody else had written in between; the server never hears of it. */
  | 'conflict'
  /** 403, as an admission webhook says it; the server never hears of it. */
  | 'denied'
  /** No answer at all, and the server never hears of it: time to end the client before the write. */
  | 'held'
  /** The write takes effect, and no answer comes: time to end the client after the write. */
  | 'held-answer'

/** One write to spoil. */
interface SpoiledWrite {
  /** Counted from 0; dry runs are no writes. */
  readonly write: number
  readonly fault: Fault
  /** How many writes in a row, from that one on. Default 1. */
  readonly times?: number
}

/** A request that reached the proxy. */
interface SeenRequest {
  readonly method: string
  readonly path: string
  /** A request that changes something: no read, no dry run. */
  readonly isWrite: boolean
  /** By `held` and `held-answer`: its client can be ended now. */
  isHeld?: boolean
}

export interface FaultProxy extends AsyncDisposable {
  /** How a client reaches the API server through the proxy: plain http, the same user. */
  readonly access: ClusterAccess
  /** What came since the start. */
  readonly requests: readonly SeenRequest[]
  /** Starts anew: forgets what came and spoils this write of those to come, none when left out. */
  restart(spoiled?: SpoiledWrite): void
}

/** An HTTP server in front of an HTTPS API server that spoils one write; none when `spoiled` is left out. */
export async function startFaultProxy(upstream: ClusterAccess, spoiled?: SpoiledWrite): Promise<FaultProxy> {
  const requests: SeenRequest[] = []
  let plan = spoiled
  let isDown = false
  const faultOf = (seen: SeenRequest): Fault | undefined => {
    const write = requests.filter(({ isWrite }) => isWrite).length - 1
    const { write: first = 0, times = 1 } = plan ?? {}
    const isSpoiled = plan !== undefined && seen.isWrite && write >= first && write < first + times
    isDown ||= isSpoiled && plan?.fault === 'down'
    return isSpoiled || isDown ? plan?.fault : undefined
  }
  const server = createServer((incoming, outgoing) => {
    const seen = describe(incoming)
    requests.push(seen)
    relay(upstream, { seen, incoming, outgoing, fault: faultOf(seen) }).catch(() => outgoing.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    access: { server: `http://127.0.0.1:${portOf(server.address())}`, auth: upstream.auth },
    requests,
    restart(next) {
      plan = next
      isDown = false
      requests.length = 0
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

function describe({ method = '', url = '' }: IncomingMessage): SeenRequest {
  return { method, path: url, isWrite: method !== 'GET' && !url.includes('dryRun=All') }
}

interface Relayed {
  readonly seen: SeenRequest
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly fault: Fault | undefined
}

/** The faults that the server never hears of. */
const BEFORE: readonly (Fault | undefined)[] = ['refused', 'down', 'conflict', 'denied', 'held']

async function relay(upstream: ClusterAccess, { seen, incoming, outgoing, fault }: Relayed): Promise<void> {
  if (BEFORE.includes(fault)) {
    incoming.resume()
    return answerWith(fault, seen, outgoing)
  }
  const answer = await forward(upstream, incoming)
  if (fault === undefined) {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    return pipeline(answer, outgoing)
  }
  await answer.resume().toArray()
  answerWith(fault, seen, outgoing)
}

function answerWith(fault: Fault | undefined, seen: SeenRequest, outgoing: ServerResponse): void {
  if (fault === 'reset') outgoing.socket?.resetAndDestroy()
  else if (fault === 'held' || fault === 'held-answer') seen.isHeld = true
  else refuse(outgoing, fault)
}

function forward(upstream: ClusterAccess, incoming: IncomingMessage): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { ca, server, skipTlsVerify } = upstream
    const outgoing = request(
      new URL(incoming.url ?? '/', server),
      {
        method: incoming.method,
        headers: { ...incoming.headers, host: new URL(server).host },
        rejectUnauthorized: skipTlsVerify !== true,
        ...(ca !== undefined && { ca }),
        agent: false,
      },
      resolve,
    )
    outgoing.once('error', reject)
    pipeline(incoming, outgoing).catch(reject)
  })
}

function refuse(outgoing: ServerResponse, fault: Fault | undefined): void {
  const { code, reason, message } = refusalOf(fault)
  outgoing.writeHead(code, { 'content-type': 'application/json' })
  outgoing.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, message }))
}

function refusalOf(fault: Fault | undefined): { code: number; reason: string; message: string } {
  if (fault === 'conflict') {
    return { code: 409, reason: 'Conflict', message: 'the object has been modified (injected fault)' }
  }
  if (fault === 'denied') {
    return {
      code: 403,
      reason: 'Forbidden',
      message: 'admission webhook "fault.test" denied the request: injected fault',
    }
  }
  return { code: 500, reason: 'InternalError', message: 'injected fault' }
}
