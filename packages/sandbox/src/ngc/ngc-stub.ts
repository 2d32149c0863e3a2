import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { callerInfo } from './caller-info.ts'
import type { StubAnswer } from './caller-info.ts'

const CALLER_INFO_PATH = '/v3/keys/get-caller-info'
/** A key has well under a kilobyte. */
const MAX_BODY_BYTES = 16 * 1024

export interface NgcStub {
  /** What `NEXUS_NGC_URL` is set to. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Stands for NVIDIA's key check (`POST /v3/keys/get-caller-info`) on loopback, so that nothing of a sandbox leaves the
 * machine. Every answer says that it is the stub's: header `x-nexus-stub: true`. Keys are neither kept nor logged.
 */
export async function startNgcStub({ port }: { readonly port: number }): Promise<NgcStub> {
  const server = createServer((request, response) => {
    answer(request).then(
      (result) => send(response, result),
      () => send(response, { status: 400, body: { message: 'the request could not be read' } }),
    )
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://127.0.0.1:${bound}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function answer(request: IncomingMessage): Promise<StubAnswer> {
  const { pathname } = new URL(request.url ?? '/', 'http://stub')
  if (pathname !== CALLER_INFO_PATH)
    return { status: 404, body: { message: `the stub answers ${CALLER_INFO_PATH} only` } }
  if (request.method !== 'POST') return { status: 405, body: { message: 'use POST' } }
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return { status: 413, body: {} }
  const form = new URLSearchParams(await text(request))
  return callerInfo({ bearer: bearerOf(request), credentials: form.get('credentials') ?? undefined })
}

function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]
}

function send(response: ServerResponse, { status, body, headers = {} }: StubAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-nexus-stub': 'true', ...headers })
  response.end(JSON.stringify(body))
}
