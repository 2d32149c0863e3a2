import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { WorkerConfig } from './config.ts'
import type { Log } from './log.ts'
import { loadWeights } from './nim.ts'
import { Worker } from './worker.ts'

export interface WorkerServer {
  readonly port: number
  /** Settles when the worker takes chats or has been closed before; rejects when the weights cannot be stored. */
  readonly ready: Promise<void>
  /** Takes no new connection, lets running answers finish, then resolves. */
  close(): Promise<void>
}

/** Starts listening at once, as a NIM does: its health answers while the weights are still on their way. */
export async function startWorker(
  config: WorkerConfig,
  log: Log,
  random: () => number = Math.random,
): Promise<WorkerServer> {
  const worker = new Worker(config, log, random)
  const server = createServer((request, response) => void worker.handle(request, response))
  server.listen(config.port, config.host)
  await once(server, 'listening')
  log.info('Listening', { host: config.host, port: portOf(server), dress: config.dress.kind })
  const stop = new AbortController()
  const ready = start(worker, config, log, stop.signal)
  ready.catch(() => undefined) // the caller sees it too; a worker that nobody waits for must not crash its process
  return {
    port: portOf(server),
    ready,
    close: async () => {
      stop.abort()
      worker.phase = 'draining'
      await drain(server)
    },
  }
}

async function start(worker: Worker, { dress, modelName }: WorkerConfig, log: Log, signal: AbortSignal): Promise<void> {
  try {
    if (dress.kind === 'nim') await loadWeights(dress, log, signal)
  } catch (error) {
    if (signal.aborted) return
    throw error
  }
  worker.phase = 'ready'
  log.info('Ready', { model: modelName })
}

async function drain(server: Server): Promise<void> {
  // A connection that is kept alive would hold the server open after its last answer.
  server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'))
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const closed = once(server, 'close')
  server.close()
  await closed
  clearInterval(sweep)
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
