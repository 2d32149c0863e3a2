import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Faults } from './faults/faults.ts'
import { INTERNAL_HEADERS } from './faults/internal-headers.ts'
import { openSink } from './faults/sink.ts'
import type { Sink } from './faults/sink.ts'
import type { Frame, Reply } from './reply.ts'

/** What sending needs beside the reply. */
export interface SendDeps {
  readonly faults: Faults
  /** Between streamed tokens, where the faults do not say otherwise. */
  readonly tokenDelayMs: number
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
  /** Called when tokens have been generated. */
  readonly onTokens: (count: number) => void
}

/** `broken`: a fault closed the connection in the middle. */
export type Outcome = 'complete' | 'broken'

/** Sends a reply. Rejects with an AbortError as soon as the client has gone: no further token is generated. */
export async function sendReply(response: ServerResponse, reply: Reply, deps: SendDeps): Promise<Outcome> {
  if (reply.content.kind === 'json') {
    deps.onTokens(reply.tokens)
    return sendBody(response, JSON.stringify(reply.content.body), deps)
  }
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    ...(deps.faults.has('gzip') && { 'content-encoding': 'gzip' }),
    ...(deps.faults.has('headers') && INTERNAL_HEADERS),
  })
  return sendFrames(response, reply.content.frames, reply.content.done, deps)
}

/** Sends a body that is whole; what it says need not be JSON. With the fault `cut` only the first half arrives. */
export async function sendBody(response: ServerResponse, text: string, deps: SendDeps): Promise<Outcome> {
  const { faults, signal } = deps
  const bytes = faults.has('gzip') ? gzipSync(text) : Buffer.from(text)
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...(faults.has('gzip') && { 'content-encoding': 'gzip' }),
    ...(faults.has('headers') && INTERNAL_HEADERS),
  })
  const cut = faults.value('cut') !== undefined
  const sink = openSink(response, faults, signal)
  await sink.write(cut ? bytes.subarray(0, bytes.length / 2) : bytes)
  await sink.finish(!cut)
  return cut ? breakOff(response) : end(response)
}

async function sendFrames(
  response: ServerResponse,
  frames: Iterable<Frame>,
  done: '[DONE]' | undefined,
  deps: SendDeps,
): Promise<Outcome> {
  const { faults, signal } = deps
  const sink = openSink(response, faults, signal, { stream: true })
  const events = eventWriter(sink, faults)
  const isOver = await playFrames(frames, events, deps, done === undefined && faults.has('no-done'))
  if (isOver && done !== undefined && !faults.has('no-done')) await events.raw(`data: ${done}`)
  const isCut = !isOver && faults.value('end') === undefined
  await sink.finish(!isCut)
  return isCut ? breakOff(response) : end(response)
}

/** Writes events until the answer is over or a fault stops it in the middle: false. */
async function playFrames(
  frames: Iterable<Frame>,
  events: EventWriter,
  deps: SendDeps,
  withoutClosing: boolean,
): Promise<boolean> {
  const { faults } = deps
  const stopAfter = faults.value('end') ?? faults.value('cut') ?? Infinity
  const errorAt = faults.has('error-event') ? 1 : faults.value('error-event-at')
  let tokens = 0
  for (const { part, data, name } of frames) {
    if (part !== 'opening' && tokens >= stopAfter) return false
    if (part === 'closing' && withoutClosing) return true
    if (part === 'token') {
      if (tokens++ > 0) await pause(deps)
      deps.onTokens(1)
    }
    const isError = events.count + 1 === errorAt
    await (isError ? events.write(FAILURE) : events.write(data, name))
    if (isError) return true
  }
  return true
}

/** An error in the middle of a stream, as vLLM puts it. */
const FAILURE = { error: { message: 'mock failure', type: 'server_error', param: null, code: 500 } }

type EventWriter = ReturnType<typeof eventWriter>

/** Writes events and counts them from 1. */
function eventWriter(sink: Sink, faults: Faults) {
  const lineEnd = faults.has('crlf') ? '\r\n' : '\n'
  const malformed = faults.value('malformed')
  const writer = {
    count: 0,
    raw: (lines: string): Promise<void> => sink.write(Buffer.from(`${lines}${lineEnd}${lineEnd}`)),
    write: (data: object, name?: string): Promise<void> => {
      const json = ++writer.count === malformed ? '{"this is not": JSON' : JSON.stringify(data)
      return writer.raw(name === undefined ? `data: ${json}` : `event: ${name}${lineEnd}data: ${json}`)
    },
  }
  return writer
}

/** Even without a delay the event loop turns between tokens, or a client that leaves would not be noticed. */
async function pause({ faults, tokenDelayMs, signal }: SendDeps): Promise<void> {
  const delayMs = faults.value('token-delay') ?? tokenDelayMs
  await (delayMs === 0 ? nextTurn(undefined, { signal }) : sleep(delayMs, undefined, { signal }))
}

function end(response: ServerResponse): Outcome {
  response.end()
  return 'complete'
}

/** Closes the connection when what was written has left, without the end that the body needs. */
async function breakOff(response: ServerResponse): Promise<Outcome> {
  await nextTurn() // Node joins the writes of one turn before they reach the socket
  response.socket?.destroySoon()
  return 'broken'
}
