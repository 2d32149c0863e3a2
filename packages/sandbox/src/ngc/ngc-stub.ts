import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { text } from 'node:stream/consumers'
import { createSelfSignedCertificate } from '../api/tls.ts'
import { callerInfo } from './caller-info.ts'
import type { Silence, StubAnswer } from './caller-info.ts'

const CALLER_INFO_PATH = '/v3/keys/get-caller-info'
/** A key has well under a kilobyte. */
const MAX_BODY_BYTES = 16 * 1024

interface NgcStubOptions {
  /** 0: any that is free. */
  readonly port: number
  /** Speaks https with a certificate that nobody trusts. Default false. */
  readonly tls?: boolean
  /** The body for a key that is good. Default the sandbox's own person. */
  readonly person?: object
}

export interface NgcStub {
  /** What `NEXUS_NGC_URL` is set to. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Stands for NVIDIA's key check (`POST /v3/keys/get-caller-info`) on loopback, so that nothing of a sandbox leaves the
 * machine. Every answer says that it is the stub's: header `x-nexus-stub: true`. Keys are neither kept nor logged.
 */
export async function startNgcStub({ port, tls = false, person }: NgcStubOptions): Promise<NgcStub> {
  const server = createStubServer(tls, (request, response) => {
    answer(request, person).then(
      (result) => send(response, result),
      () => send(response, { status: 400, body: { message: 'the request could not be read' } }),
    )
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http${tls ? 's' : ''}://127.0.0.1:${bound}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function createStubServer(tls: boolean, listener: RequestListener): Server {
  if (!tls) return createServer(listener)
  const { certPem, keyPem } = createSelfSignedCertificate({ names: ['localhost'], addresses: ['127.0.0.1'], days: 1 })
  return createTlsServer({ cert: certPem, key: keyPem }, listener)
}

async function answer(request: IncomingMessage, person: object | undefined): Promise<StubAnswer | Silence> {
  const { pathname } = new URL(request.url ?? '/', 'http://stub')
  if (pathname !== CALLER_INFO_PATH)
    return { status: 404, body: { message: `the stub answers ${CALLER_INFO_PATH} only` } }
  if (request.method !== 'POST') return { status: 405, body: { message: 'use POST' } }
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return { status: 413, body: {} }
  const form = new URLSearchParams(await text(request))
  return callerInfo({ bearer: bearerOf(request), credentials: form.get('credentials') ?? undefined }, person)
}

function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]
}

function send(response: ServerResponse, result: StubAnswer | Silence): void {
  if (result === 'slow') return
  if (result === 'reset') {
    response.socket?.resetAndDestroy()
    return
  }
  const { status, body, headers = {} } = result
  response.writeHead(status, { 'content-type': 'application/json', 'x-nexus-stub': 'true', ...headers })
  response.end(JSON.stringify(body))
}
