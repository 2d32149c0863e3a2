import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { loadConfig, type Environment } from '../config/load-config.ts'
import { startGateway, type Gateway } from '../gateway.ts'
import { startServer } from './loopback.ts'

export { eventually } from './loopback.ts'

/** The key of {@link startTestGateway}; it may use every project. */
export const TEST_KEY = 'nvapi-test-gateway'

/**
 * A gateway on a free port that ends with the test, and the lines it logged. Unless `env` says otherwise nobody asks for the
 * health of its upstreams, so that they see calls alone.
 */
export async function startTestGateway(env: Environment): Promise<Gateway & { readonly logged: string[] }> {
  const logged: string[] = []
  const keys = { GATEWAY_API_KEY_POLICIES: JSON.stringify({ [TEST_KEY]: { projects: ['*'] } }) }
  const alone = { GATEWAY_PORT: '0', GATEWAY_DRAIN_SECONDS: '0', GATEWAY_HEALTH_CHECK_ENABLED: 'false' }
  const { config } = loadConfig({ ...alone, ...keys, ...env })
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) })
  const gateway = await startGateway(config, { log })
  onTestFinished(() => gateway.close())
  return Object.assign(gateway, { logged })
}

/** What an upstream received. */
export interface Received {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: string
  /** Settles when the connection of this request is closed. */
  readonly closed: Promise<unknown>
}

/** An upstream that leaves every answer to the test. */
export async function startUpstream(
  answer: (received: Received) => void,
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  const url = await startServer((request, response) => {
    const closed = once(response, 'close')
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const call = { request, response, closed, body: Buffer.concat(chunks).toString() }
      received.push(call)
      answer(call)
    })
  })
  return { url, received }
}

/** The head of a chat call, raw. */
export function rawChat(body: string, extra = ''): string {
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nx-api-key: ${TEST_KEY}\r\ncontent-length: ${Buffer.byteLength(body)}`
  return `${head}\r\n${extra}\r\n${body}`
}

/** A raw connection that ends with the test. */
export async function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Everything a socket receives until the other side closes it. */
export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: (Buffer | string)[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  if (!socket.closed) await once(socket, 'close')
  return chunks.join('')
}

/** Posts a chat call with the test's key. */
export function chat(
  url: string,
  body: string | Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}
