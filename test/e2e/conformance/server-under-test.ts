import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { eventually } from '@nexus/kube/testing'
import { z } from 'zod'
import type { Answer, Request, ServerUnderTest, WatchEvent } from './case.ts'
import { answerOf } from './connection.ts'
import type { Connection } from './connection.ts'
import { normalise } from './normalise.ts'

/** One compared answer of a server. */
export interface RecordedAnswer {
  /** `GET /api/v1/namespaces/…` */
  readonly request: string
  readonly status: number
  /** Normalised. */
  readonly body: string
}

/** Patience for a busy machine, not a measurement. */
const DEADLINE_MS = 60_000

interface Recording {
  readonly namespace: string
  readonly managedFields: boolean
  /** Every compared answer is appended. */
  readonly recorded: RecordedAnswer[]
}

/** A server in the namespace of one case. */
export function serverUnderTest(
  connection: Connection,
  { namespace, managedFields, recorded }: Recording,
): ServerUnderTest {
  const record = (line: string, { status, body }: Answer, compared = (whole: unknown) => whole): void => {
    recorded.push({ request: normalise(line), status, body: normalise(compared(body), managedFields) })
  }
  return {
    namespace,
    async send(request) {
      const answer = await connection.ask(request)
      record(`${request.method} ${request.path}`, answer, request.compared)
      if (request.warnings === true) record('Warning', { ...answer, body: answer.warnings })
      return answer
    },
    prepare: (request) => prepared(connection, request),
    async until(request, holds) {
      const answer = await eventually(async () => {
        const answer = await connection.ask(request)
        if (!holds(answer)) throw new Error(`${request.path} is still ${answer.status}: ${normalise(answer.body)}`)
        return answer
      }, DEADLINE_MS)
      record(`${request.method} ${request.path}`, answer, request.compared)
      return answer
    },
    async watch(path, done, meanwhile = async () => {}) {
      const response = await connection.open({ method: 'GET', path })
      if (response.statusCode !== 200) {
        record(`WATCH ${path}`, await answerOf(response))
        return []
      }
      const [events] = await Promise.all([eventsOf(response, done), meanwhile()])
      record(`WATCH ${path}`, { status: 200, body: events, warnings: '' })
      return events
    },
  }
}

/** Sends a request that must not be refused. */
export async function prepared(connection: Connection, request: Request): Promise<Answer> {
  const answer = await connection.ask(request)
  if (answer.status < 300) return answer
  throw new Error(`${request.method} ${request.path} answers ${answer.status}: ${JSON.stringify(answer.body)}`)
}

const Event = z.object({ type: z.string(), object: z.unknown() })

async function eventsOf(
  response: IncomingMessage,
  done: (events: readonly WatchEvent[]) => boolean,
): Promise<WatchEvent[]> {
  const events: WatchEvent[] = []
  let isLate = false
  const deadline = setTimeout(() => {
    isLate = true
    response.destroy()
  }, DEADLINE_MS)
  try {
    for await (const line of createInterface({ input: response })) {
      events.push(Event.parse(JSON.parse(line)))
      if (done(events)) break
    }
  } finally {
    clearTimeout(deadline)
    response.destroy()
  }
  if (isLate) throw new Error(`The watch brought only ${normalise(events)}`)
  return events
}
