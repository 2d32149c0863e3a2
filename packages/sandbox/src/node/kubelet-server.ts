import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Duplex } from 'node:stream'
import type { SecretText } from '@nexus/core'
import { createSelfSignedCertificate } from '../api/tls.ts'
import { sendLog } from './kubelet-log.ts'
import { refuse } from './kubelet-refusal.ts'
import { parseLogRequest } from './logs/log-request.ts'
import { boundPort } from './network/loopback-port.ts'
import type { PodWorker } from './pod-worker.ts'
import { acceptPortForward, isPortForward } from './port-forward-request.ts'

const CERTIFICATE_DAYS = 365

export interface KubeletServer {
  readonly port: number
  close(): Promise<void>
}

export interface KubeletServerOptions {
  readonly findPod: (namespace: string, name: string) => PodWorker | undefined
  /**
   * The API server's bearer token, without which nothing is answered. Left out, everybody on this machine is answered: a
   * real API server presents no token to kubelets.
   */
  readonly token?: SecretText | undefined
}

/**
 * The endpoint behind `kubectl logs` and `kubectl port-forward`: API servers ask the node. HTTPS on loopback, with a
 * certificate made for this run: API servers do not verify it unless they are told which authority signs kubelets.
 */
export async function startKubeletServer({ findPod, token }: KubeletServerOptions): Promise<KubeletServer> {
  const { certPem, keyPem } = createSelfSignedCertificate({
    names: ['localhost'],
    addresses: ['127.0.0.1'],
    days: CERTIFICATE_DAYS,
  })
  const server = createServer(
    // All other requests to upgrade are answered as if they had not asked for it.
    {
      cert: certPem,
      key: keyPem,
      shouldUpgradeCallback: (request) => isAllowed(request, token) && isPortForward(request),
    },
    (request, response) => answer(request, response, { findPod, token }),
  )
  const upgraded = new Set<Duplex>()
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
    socket.unshift(head)
    acceptPortForward(request, socket, findPod)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: boundPort(server),
    async close() {
      server.close()
      server.closeAllConnections()
      for (const socket of upgraded) socket.destroy()
      await once(server, 'close')
    },
  }
}

function isAllowed({ headers }: IncomingMessage, token: SecretText | undefined): boolean {
  if (token === undefined) return true
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token.reveal()}`))
}

function answer(request: IncomingMessage, response: ServerResponse, { findPod, token }: KubeletServerOptions): void {
  if (!isAllowed(request, token)) return refuse(response, 401, 'Unauthorized')
  const url = request.method === 'GET' ? URL.parse(request.url ?? '/', 'https://127.0.0.1') : null
  if (url?.pathname === '/healthz') return refuse(response, 200, 'ok')
  if (request.url?.startsWith('/portForward/')) return refuse(response, 400, 'unable to upgrade: SPDY/3.1 is needed')
  const logRequest = url === null ? undefined : parseLogRequest(url, new Date())
  if (logRequest === undefined) return refuse(response, 404, '404 page not found')
  const worker = findPod(logRequest.namespace, logRequest.pod)
  if (worker === undefined) return refuse(response, 404, `pod "${logRequest.pod}" does not exist`)
  try {
    sendLog(logRequest, worker, response)
  } catch {
    // Its files may go while they are read: the pod is being forgotten.
    if (response.headersSent) response.destroy()
    else refuse(response, 500, `the log of container "${logRequest.container}" cannot be read`)
  }
}
