import { Agent, request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { KEY } from './program.ts'

/** What came of a call. */
export interface Answer {
  /** 0: no answer, or none that is complete. */
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** `ECONNREFUSED` and the like; the call never arrived if that is it. */
  readonly error?: string
}

/** How a call is made. */
export interface CallOptions {
  readonly model?: string
  readonly stream?: boolean
  /** Faults for the worker. */
  readonly fault?: string
  readonly headers?: Record<string, string>
  /** Default: a connection of its own. */
  readonly agent?: Agent
  /** Called with each piece of the body as it comes. */
  readonly onData?: (received: string) => void
}

const ALONE = new Agent({ keepAlive: false })

/** Asks a gateway for a chat. Never rejects: what went wrong is in the answer. */
export async function chat(url: string, options: CallOptions = {}): Promise<Answer> {
  const { model = 'worker', stream = false, fault, headers = {}, agent = ALONE, onData } = options
  const body = JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hello' }] })
  const sent = request(`${url}/v1/chat/completions`, {
    method: 'POST',
    agent,
    headers: {
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(fault !== undefined && { 'x-mock-fault': fault }),
      ...headers,
    },
  })
  try {
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve)
      sent.once('error', reject)
    })
    sent.end(body)
    const response = await answered
    if (onData !== undefined) response.on('data', (chunk) => onData(String(chunk)))
    return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }
  } catch (error) {
    return { status: 0, headers: {}, body: '', error: codeOf(error) }
  }
}

/** Whether a stream came to its proper end. */
export function isCompleteStream({ status, body }: Answer): boolean {
  return status === 200 && body.endsWith('data: [DONE]\n\n')
}

const Breakers = z.record(
  z.string(),
  z.object({
    state: z.enum(['closed', 'open', 'half_open']),
    failure_count: z.number(),
    opened_seconds: z.number().nullable(),
  }),
)

/** The gateway's breakers, by upstream. */
export async function breakersOf(url: string): Promise<z.infer<typeof Breakers>> {
  const response = await fetch(`${url}/v1/circuit-breakers`, { headers: { authorization: `Bearer ${KEY}` } })
  return Breakers.parse(await response.json())
}

/** The status of `GET /ready`; 0 when nobody answers. */
export async function readiness(url: string): Promise<number> {
  try {
    const response = await fetch(`${url}/ready`, { headers: { connection: 'close' } })
    await response.arrayBuffer()
    return response.status
  } catch {
    return 0
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
