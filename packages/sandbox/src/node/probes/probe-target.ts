import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { messageOf } from '@nexus/core'
import type { Container, HttpGetAction, Probe } from '@nexus/kube'
import type { ExecResult } from '../process/exec-command.ts'
import { expandVariables } from '../launch/expand.ts'
import type { ProbeResult } from './probe-count.ts'
import { timerMs } from '../../timers.ts'

const DEFAULT_TIMEOUT_SECONDS = 1
/** The kubelet names itself so; the version is that of the API this agent is written for. */
const USER_AGENT = 'kube-probe/1.34'

/** How a container is reached: its address in the cluster, the loopback port behind each of its ports, its commands. */
export interface ContainerSockets {
  readonly podIP: string
  readonly loopbackPort: (port: number) => number | undefined
  /** Runs a command in the container; undefined where what stands for its image does not have the command. */
  readonly exec: (command: readonly string[], signal: AbortSignal) => Promise<ExecResult | undefined>
}

/** Runs a probe once. Never rejects: a probe that cannot run has failed. */
export async function runProbe(probe: Probe, container: Container, sockets: ContainerSockets): Promise<ProbeResult> {
  const timeoutMs = timerMs(probe.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS)
  if (probe.exec !== undefined) return probeExec(probe.exec.command ?? [], container, sockets, timeoutMs)
  if (probe.httpGet !== undefined) return probeHttpGet(probe.httpGet, container, sockets, timeoutMs)
  const port = portNumber(probe.tcpSocket?.port, container)
  // A port that has no number, and a probe of a type that is not run here: kubelets throw such results away.
  if (port === undefined) return { ok: true }
  const address = `${sockets.podIP}:${port}`
  const loopbackPort = sockets.loopbackPort(port)
  if (loopbackPort === undefined) return { ok: false, message: `dial tcp ${address}: connect: connection refused` }
  return probeTcp(loopbackPort, address, timeoutMs)
}

async function probeExec(
  command: readonly string[],
  container: Container,
  sockets: ContainerSockets,
  timeoutMs: number,
): Promise<ProbeResult> {
  const literals = (container.env ?? []).flatMap(({ name, value }) =>
    value === undefined ? [] : [[name, value] as const],
  )
  const expanded = command.map((word) => expandVariables(word, new Map(literals)))
  const result = await sockets.exec(expanded, AbortSignal.timeout(timeoutMs))
  // A program that stands for an image does not bring the commands of the image: there is nothing to find out.
  if (result === undefined || result.exitCode === 0) return { ok: true }
  if (result.exitCode !== undefined) return { ok: false, message: result.output }
  return { ok: false, message: `command timed out: "${expanded.join(' ')}" timed out after ${timeoutMs / 1000}s` }
}

/** Asks once, as a probe or a hook does. */
export async function probeHttpGet(
  action: HttpGetAction,
  container: Container,
  sockets: ContainerSockets,
  timeoutMs: number,
): Promise<ProbeResult> {
  const port = portNumber(action.port, container)
  if (port === undefined) return { ok: true }
  const address = `${sockets.podIP}:${port}`
  const { path = '/', scheme = 'HTTP' } = action
  const url = `${scheme.toLowerCase()}://${address}${path.startsWith('/') ? path : `/${path}`}`
  const loopbackPort = sockets.loopbackPort(port)
  if (loopbackPort === undefined) {
    return { ok: false, message: `Get "${url}": dial tcp ${address}: connect: connection refused` }
  }
  return probeHttp(new URL(url), loopbackPort, { timeoutMs, own: action.httpHeaders ?? [] })
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

interface HttpProbe {
  readonly timeoutMs: number
  /** Headers of the probe; they replace those that every probe has. */
  readonly own: NonNullable<HttpGetAction['httpHeaders']>
}

function probeHttp(url: URL, port: number, { timeoutMs, own }: HttpProbe): Promise<ProbeResult> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const options = {
    host: '127.0.0.1',
    port,
    path: url.pathname + url.search,
    headers: {
      host: url.host,
      'user-agent': USER_AGENT,
      accept: '*/*',
      connection: 'close',
      ...Object.fromEntries(own.map(({ name, value }) => [name.toLowerCase(), value])),
    },
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
