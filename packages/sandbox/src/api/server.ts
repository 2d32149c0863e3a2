import { mkdirSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { Authenticator } from './authentication/authenticator.ts'
import { ServiceAccountTokens } from './authentication/service-account-tokens.ts'
import { signingKey } from './authentication/signing-key.ts'
import { keepTokenSecrets } from './authentication/token-secrets.ts'
import { Authorizer } from './authorization/authorizer.ts'
import { bootstrap } from './bootstrap.ts'
import type { Cluster } from './cluster.ts'
import { startEventExpiry } from './event-expiry.ts'
import { sendError } from './http/answer.ts'
import { answer } from './http/router.ts'
import { onUpgrade, shouldUpgradeCallback } from './http/upgrade.ts'
import { startQuotaStatus } from './quota/status.ts'
import { ResourceRegistry } from './resources/registry.ts'
import { servingCertificate } from './serving-certificate.ts'
import { StatusError } from './status.ts'
import { ObjectStore } from './store/store.ts'

export interface ApiServerOptions {
  /** Where the objects and the certificate are kept; made where it is missing. */
  readonly dir: string
  /** A port of 127.0.0.1; 0 takes a free one. */
  readonly port: number
  /** The administrator's bearer token. */
  readonly token: string
  /** The bearer token it shows to kubelets when it asks them for logs and ports. Default: none. */
  readonly kubeletToken?: string
  /** Hears of errors that are the server's own fault, which clients see as 500. Default: nobody does. */
  readonly onFault?: (error: unknown) => void
  /** Default: the system's clock. */
  readonly clock?: () => Date
}

export interface ApiServer {
  /** `https://127.0.0.1:<port>` */
  readonly url: string
  readonly port: number
  /** The certificate that clients trust, which is its own authority. */
  readonly caPem: string
  /** Ends open watches and the listener, then the store; a second call waits for the first. */
  close(): Promise<void>
}

const HOST = '127.0.0.1'

/**
 * Starts a Kubernetes API server on loopback. Objects are in `dir/cluster.db`: a write that was answered survives the
 * death of the process. Rejects with Node's error (`EADDRINUSE`) when the port is taken, and with a StoreError when the
 * objects cannot be opened.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { dir, port, clock = () => new Date() } = options
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const certificate = servingCertificate(dir, clock())
  const server = createServer({ cert: certificate.certPem, key: certificate.keyPem, ...LIMITS, shouldUpgradeCallback })
  const closeServer = closerOf(server)
  // A taken port must be known before the store is opened: the other process may be using it.
  const bound = await listen(server, port)
  try {
    const close = serve(server, openCluster(options, clock, { port: bound, caPem: certificate.certPem }), closeServer)
    return { url: `https://${HOST}:${bound}`, port: bound, caPem: certificate.certPem, close }
  } catch (error) {
    await closeServer()
    throw error
  }
}

function openCluster(
  options: ApiServerOptions,
  clock: () => Date,
  { port, caPem }: Pick<ApiServer, 'port' | 'caPem'>,
): Cluster {
  const { dir, token, kubeletToken, onFault = () => {} } = options
  const store = new ObjectStore(join(dir, 'cluster.db'))
  try {
    const tokens = new ServiceAccountTokens(store, signingKey(dir), clock)
    const authenticator = new Authenticator(tokens, token)
    const authorizer = new Authorizer(store)
    const cluster = { store, registry: new ResourceRegistry(), authenticator, authorizer, clock, kubeletToken, onFault }
    bootstrap(cluster, port)
    keepTokenSecrets(cluster, caPem)
    return cluster
  } catch (error) {
    store.close()
    throw error
  }
}

/** Answers requests until the returned function is called. */
function serve(server: Server, cluster: Cluster, closeServer: () => Promise<void>): () => Promise<void> {
  server.on('request', (request, response) => void handle(cluster, request, response))
  onUpgrade(server, (request, response) => handle(cluster, request, response))
  // A connection that cannot be accepted, for want of file descriptors: the others go on.
  server.on('error', cluster.onFault)
  const stopExpiry = startEventExpiry(cluster)
  const stopCounting = startQuotaStatus(cluster)
  const end = async (): Promise<void> => {
    stopExpiry()
    stopCounting()
    await closeServer()
    cluster.store.close()
  }
  let ending: Promise<void> | undefined
  return () => (ending ??= end())
}

/** What one connection may take of the server. Watches send for as long as they like. */
const LIMITS = {
  /** kube-apiserver's own limit: a selector may be long. */
  maxHeaderSize: 1024 * 1024,
  handshakeTimeout: 10_000,
  /** For all headers and for the whole request, from its first byte. */
  headersTimeout: 32_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
} as const

/** Node's clients keep idle connections; a server that gives up on them first makes their next request fail. */
const KEEP_ALIVE_MS = 120_000

function listen(server: Server, port: number): Promise<number> {
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}

async function handle(cluster: Cluster, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A client that hangs up is no fault: without a listener its error would end the process.
  response.on('error', () => response.destroy())
  try {
    await answer(cluster, request, response)
  } catch (error) {
    if (!(error instanceof StatusError)) cluster.onFault(error)
    sendError(response, error)
  }
}

/**
 * A function that ends the listener with all its connections. `closeAllConnections` would leave those that never finished
 * their TLS handshake, for which the listener waits two minutes.
 */
function closerOf(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
}
