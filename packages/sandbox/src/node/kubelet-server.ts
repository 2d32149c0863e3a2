import { once } from 'node:events'
import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createSelfSignedCertificate } from '../api/tls.ts'
import { readLogLines } from './container-log.ts'
import { selectLines } from './log-line.ts'
import type { LogLine } from './log-line.ts'
import { parseLogRequest } from './log-request.ts'
import type { LogRequest } from './log-request.ts'
import { boundPort } from './loopback-port.ts'
import type { PodWorker } from './pod-worker.ts'

const CERTIFICATE_DAYS = 365
/** A reader that does not read is cut when this much waits for it: more than the files of a run can hold. */
const MAX_PENDING_BYTES = 32 * 1024 * 1024

export interface KubeletServer {
  readonly port: number
  close(): Promise<void>
}

/**
 * The endpoint behind `kubectl logs`: API servers fetch container logs from the node. HTTPS on loopback, with a certificate
 * made for this run: API servers do not verify it unless they are told which authority signs kubelets.
 */
export async function startKubeletServer(
  findPod: (namespace: string, name: string) => PodWorker | undefined,
): Promise<KubeletServer> {
  const { certPem, keyPem } = createSelfSignedCertificate({
    names: ['localhost'],
    addresses: ['127.0.0.1'],
    days: CERTIFICATE_DAYS,
  })
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => answer(request, response, findPod))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: boundPort(server),
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  findPod: (namespace: string, name: string) => PodWorker | undefined,
): void {
  const url = request.method === 'GET' ? URL.parse(request.url ?? '/', 'https://127.0.0.1') : null
  if (url?.pathname === '/healthz') return refuse(response, 200, 'ok')
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

function sendLog(request: LogRequest, worker: PodWorker, response: ServerResponse): void {
  const { container, pod, previous } = request
  const view = worker.view(container)
  if (view === undefined) return refuse(response, 404, `container "${container}" in pod "${pod}" not found`)
  const lines = readLogLines(worker.logPath(container, view.restartCount - (previous ? 1 : 0)))
  if (lines === undefined && previous) {
    return refuse(response, 400, `previous terminated container "${container}" in pod "${pod}" not found`)
  }
  if (lines === undefined) {
    const reason = view.state.phase === 'waiting' ? view.state.reason : 'ContainerCreating'
    return refuse(response, 400, `container "${container}" in pod "${pod}" is waiting to start: ${reason}`)
  }
  const send = lineSender(request, response)
  for (const line of selectLines(lines, request)) send(line)
  const running = request.follow && !previous ? worker.runningLog(container) : undefined
  if (running === undefined) {
    response.end()
    return
  }
  // A header at once: whoever follows a silent program sees that the log is open.
  response.flushHeaders()
  const stop = running.follow(send, () => response.end())
  response.on('close', stop)
}

function lineSender(
  { timestamps, limitBytes = Number.POSITIVE_INFINITY }: LogRequest,
  response: ServerResponse,
): (line: LogLine) => void {
  let bytesLeft = limitBytes
  response.setHeader('content-type', 'text/plain')
  return ({ time, text }) => {
    if (bytesLeft <= 0) return
    const bytes = Buffer.from(`${timestamps ? `${time} ` : ''}${text}\n`).subarray(0, bytesLeft)
    bytesLeft -= bytes.length
    response.write(bytes)
    if (bytesLeft <= 0) response.end()
    if (response.writableLength > MAX_PENDING_BYTES) response.destroy()
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.statusCode = status
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.end(message)
}
