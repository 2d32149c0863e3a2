import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startApiServer } from '../server.ts'
import type { ApiServer } from '../server.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  /** The body, where it is JSON. */
  readonly body: unknown
}

export interface AskOptions {
  readonly body?: unknown
  readonly type?: string
  readonly accept?: string
  /** Default: the administrator's. Empty: none. */
  readonly token?: string
}

/** An API server of a test, in a folder of its own. */
export interface TestServer extends AsyncDisposable {
  readonly server: ApiServer
  readonly dir: string
  /** Sends one request and reads its answer. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>
  /** The events of a watch that has begun, one by one, until the loop is left. */
  watch(path: string): Promise<AsyncGenerator>
}

export const ADMIN_TOKEN = 'admin-token-of-a-test'

function open(server: ApiServer, method: string, path: string, options: AskOptions): Promise<IncomingMessage> {
  const { body, type = 'application/json', accept = 'application/json', token = ADMIN_TOKEN } = options
  const bytes = bytesOf(body)
  const headers = {
    accept,
    ...(token && { authorization: `Bearer ${token}` }),
    // Said outright: Node sends the body of a DELETE without any length otherwise.
    ...(bytes && { 'content-type': type, 'content-length': bytes.length }),
  }
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      new URL(path, server.url),
      { method, headers, ca: server.caPem, agent: false },
      resolve,
    )
    request.on('error', reject)
    request.end(bytes)
  })
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined || Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

async function ask(server: ApiServer, method: string, path: string, options: AskOptions = {}): Promise<Answer> {
  const response = await open(server, method, path, options)
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode ?? 0, headers: response.headers, text, body: parse(text) }
}

async function* events(response: IncomingMessage): AsyncGenerator {
  try {
    for await (const line of createInterface({ input: response })) yield parse(line)
  } finally {
    response.destroy()
  }
}

/** Starts a server, by default on an empty folder that goes with it. `await using` ends it. */
export async function startTestServer(options: { dir?: string; clock?: () => Date } = {}): Promise<TestServer> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'nexus-api-')))
  const clock = options.clock && { clock: options.clock }
  const server = await startApiServer({ dir, port: 0, token: ADMIN_TOKEN, ...clock })
  return {
    server,
    dir,
    ask: (method, path, asked) => ask(server, method, path, asked),
    watch: async (path) => events(await open(server, 'GET', path, {})),
    [Symbol.asyncDispose]: async () => {
      await server.close()
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true })
    },
  }
}
