import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { messageOf } from '@nexus/core'
import type { Container, Probe } from '@nexus/kube'
import type { ProbeResult } from './probe-count.ts'

const DEFAULT_TIMEOUT_SECONDS = 1
/** The kubelet names itself so; the version is that of the API this agent is written for. */
const USER_AGENT = 'kube-probe/1.34'

/** Where a container is reached: its address in the cluster, and the loopback port behind each of its ports. */
export interface ContainerSockets {
  readonly podIP: string
  readonly loopbackPort: (port: number) => number | undefined
}

/** Runs a probe once. Never rejects: a probe that cannot run has failed. */
export async function runProbe(probe: Probe, container: Container, sockets: ContainerSockets): Promise<ProbeResult> {
  const timeoutMs = (probe.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000
  const port = portNumber(probe.httpGet?.port ?? probe.tcpSocket?.port, container)
  // A command of the image cannot run here: the program that stands for the image does not bring it.
  if (probe.exec !== undefined || port === undefined) return { ok: true }
  const address = `${sockets.podIP}:${port}`
  const loopbackPort = sockets.loopbackPort(port)
  const refused = `dial tcp ${address}: connect: connection refused`
  if (probe.httpGet === undefined) {
    if (loopbackPort === undefined) return { ok: false, message: refused }
    return probeTcp(loopbackPort, address, timeoutMs)
  }
  const { path = '/', scheme = 'HTTP' } = probe.httpGet
  const url = `${scheme.toLowerCase()}://${address}${path.startsWith('/') ? path : `/${path}`}`
  if (loopbackPort === undefined) return { ok: false, message: `Get "${url}": ${refused}` }
  return probeHttp(new URL(url), loopbackPort, timeoutMs)
}

function portNumber(port: number | string | undefined, container: Container): number | undefined {
  if (port === undefined) return undefined
  if (Number.isInteger(Number(port))) return Number(port)
  return container.ports?.find(({ name }) => name === port)?.containerPort
}

function probeTcp(port: number, address: string, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: timeoutMs }, () => answer({ ok: true }))
    const answer = (result: ProbeResult): void => {
      resolve(result)
      socket.destroy()
    }
    socket.on('timeout', () => answer({ ok: false, message: `dial tcp ${address}: i/o timeout` }))
    socket.on('error', (error) => answer({ ok: false, message: dialError(error, address) }))
  })
}

function probeHttp(url: URL, port: number, timeoutMs: number): Promise<ProbeResult> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const options = {
    host: '127.0.0.1',
    port,
    path: url.pathname + url.search,
    headers: { host: url.host, 'user-agent': USER_AGENT, accept: '*/*', connection: 'close' },
    signal: AbortSignal.timeout(timeoutMs),
    // The kubelet does not verify certificates of probes either.
    rejectUnauthorized: false,
  }
  return new Promise((resolve) => {
    const request = send(options, (response) => {
      const { statusCode = 0 } = response
      response.resume()
      const ok = statusCode >= 200 && statusCode < 400
      resolve(ok ? { ok } : { ok, message: `HTTP probe failed with statuscode: ${statusCode}` })
    })
    request.on('error', (error) => {
      const cause =
        error.name === 'AbortError' || error.name === 'TimeoutError'
          ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
          : dialError(error, url.host)
      resolve({ ok: false, message: `Get "${url.href}": ${cause}` })
    })
    request.end()
  })
}

function dialError(error: Error, address: string): string {
  const code: unknown = Reflect.get(error, 'code')
  if (code === 'ECONNREFUSED') return `dial tcp ${address}: connect: connection refused`
  if (code === 'ECONNRESET') return `read tcp ${address}: read: connection reset by peer`
  return messageOf(error)
}
