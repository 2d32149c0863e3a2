import type { IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Answer, Request } from './case.ts'

/** How a server is reached as its administrator. */
export interface Access {
  readonly url: string
  readonly token: string
  readonly caPem: string
}

/** Plain HTTPS, without any client library: what a server says is seen as it was said. */
export interface Connection {
  open(request: Request): Promise<IncomingMessage>
  ask(request: Request): Promise<Answer>
  close(): void
}

export function connect({ url, token, caPem }: Access): Connection {
  const agent = new Agent({ keepAlive: true, ca: caPem })

  function open({ method, path, ...rest }: Request): Promise<IncomingMessage> {
    const bytes = bytesOf(rest.body)
    const headers = headersOf(rest, token, bytes)
    return new Promise((resolve, reject) => {
      const request = httpsRequest(`${url}${path}`, { method, headers, agent }, resolve)
      request.on('error', reject)
      request.end(bytes)
    })
  }

  return {
    open,
    ask: async (request) => answerOf(await open(request)),
    close: () => agent.destroy(),
  }
}

/** Reads an answer to its end. */
export async function answerOf(response: IncomingMessage): Promise<Answer> {
  const { statusCode = 0, headers } = response
  return { status: statusCode, body: parsed(await text(response)), warnings: headers['warning'] ?? '' }
}

function headersOf(
  { accept = 'application/json', contentType = 'application/json', headers, as }: Omit<Request, 'method' | 'path'>,
  token: string,
  bytes: Buffer | undefined,
): Record<string, string | string[]> {
  return {
    accept,
    authorization: `Bearer ${token}`,
    'user-agent': 'conformance/1.0',
    // Said outright: Node sends the body of a DELETE without any length otherwise.
    ...(bytes && { 'content-type': contentType, 'content-length': String(bytes.length) }),
    ...(as && { 'impersonate-user': as.user }),
    ...(as?.groups && { 'impersonate-group': [...as.groups] }),
    ...headers,
  }
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function parsed(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body)
    return value
  } catch {
    return body
  }
}
