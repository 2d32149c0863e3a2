import { createServer } from 'node:http'
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { ServerOptions } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Duplex } from 'node:stream'

/** One request as the server got it. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A server on loopback that says what the test tells it to. */
export interface ScriptedServer {
  readonly url: string
  readonly seen: SeenRequest[]
  /** Connections that are open now. */
  readonly connections: ReadonlySet<Duplex>
  close(): Promise<void>
}

export type Script = (request: SeenRequest, response: ServerResponse) => void

/** Starts a server that answers each request by `script`; with `tls` it speaks HTTPS. */
export async function startScriptedServer(script: Script, tls?: ServerOptions): Promise<ScriptedServer> {
  const seen: SeenRequest[] = []
  const connections = new Set<Duplex>()
  const server = tls === undefined ? createServer() : createTlsServer(tls)
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Duplex) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket)).on('error', () => {})
  })
  server.on('request', (request, response) => {
    void text(request).then((body) => {
      const url = new URL(request.url ?? '/', 'http://server')
      const { method = '', headers } = request
      const one = { method, path: url.pathname, query: url.searchParams, headers, body }
      seen.push(one)
      script(one, response)
    })
  })
  const port = await listen(server)
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    seen,
    connections,
    async close() {
      const closed = new Promise((resolve) => {
        server.close(resolve)
      })
      server.closeAllConnections()
      await closed
    },
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}

/** A `Status` as API servers send it. */
export function statusOf(code: number, reason: string, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message }
}

/** A ConfigMap as API servers send it. */
export function configMap(name: string, resourceVersion: string, data: Record<string, string> = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'demo', uid: `uid-${name}`, resourceVersion },
    data,
  }
}

/** A list of ConfigMaps: its items, as on the wire, name neither their kind nor their version. */
export function configMapList(items: object[], resourceVersion: string, token?: string): object {
  const bare = items.map((item) => ({ ...item, apiVersion: undefined, kind: undefined }))
  const metadata = token === undefined ? { resourceVersion } : { resourceVersion, continue: token }
  return { kind: 'ConfigMapList', apiVersion: 'v1', metadata, items: bare }
}
