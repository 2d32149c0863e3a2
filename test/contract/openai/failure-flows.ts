import { eventually } from '@nexus/kube/testing'
import { expect } from 'vitest'
import { ANSWER, collect, refusalOf, textOf, user } from './flow.ts'
import type { Flow } from './flow.ts'
import { activeAt, clientOf, MODEL } from './target.ts'
import type { Target } from './target.ts'

const chat = { model: MODEL, messages: [user] }

/** A faulty answer that is not tried again. */
function refused(status: number, errorClass: string): Flow {
  return {
    name: `an answer ${status}`,
    run: (target) => refusalOf(clientOf(target, { faults: `status=${status}` }).openai.chat.completions.create(chat)),
    verdict: { class: errorClass, status, code: 'mock_failure', param: null },
    fails: true,
  }
}

/** Errors, retries and timeouts. */
export const FAILURE_FLOWS: readonly Flow[] = [
  {
    name: 'a request that the server refuses',
    run: (target) => {
      const { openai } = clientOf(target, { maxRetries: 2 })
      return refusalOf(openai.chat.completions.create({ model: MODEL, messages: [] }))
    },
    verdict: { class: 'BadRequestError', status: 400, code: null, param: 'messages' },
  },
  refused(404, 'NotFoundError'),
  refused(409, 'ConflictError'),
  refused(422, 'UnprocessableEntityError'),
  refused(429, 'RateLimitError'),
  refused(500, 'InternalServerError'),
  refused(503, 'InternalServerError'),
  {
    name: 'a retry that helps',
    run: async (target) => {
      const { openai } = clientOf(target, { faults: `status=503;times=1;id=${crypto.randomUUID()}`, maxRetries: 2 })
      return (await openai.chat.completions.create(chat)).choices[0]?.message.content
    },
    verdict: ANSWER,
    fails: true,
  },
  {
    name: 'a retry that waits as long as retry-after says',
    run: async (target) => {
      const faults = `status=429;retry-after=1;times=1;id=${crypto.randomUUID()}`
      const { openai, sent } = clientOf(target, { faults, maxRetries: 1 })
      const started = performance.now()
      const { choices } = await openai.chat.completions.create(chat)
      // The client's own first pause is at most half a second.
      return { text: choices[0]?.message.content, waited: performance.now() - started >= 900, sent: sent() }
    },
    verdict: { text: ANSWER, waited: true, sent: 2 },
    fails: true,
  },
  {
    name: 'retries that do not help',
    run: async (target) => {
      const { openai, sent } = clientOf(target, { faults: 'status=500', maxRetries: 1 })
      const refusal = await refusalOf(openai.chat.completions.create(chat))
      return { refusal, sent: sent() }
    },
    verdict: {
      refusal: { class: 'InternalServerError', status: 500, code: 'mock_failure', param: null },
      sent: 2,
    },
    fails: true,
  },
  {
    name: 'a timeout of the client ends the work',
    run: async (target) => {
      const { openai } = clientOf(target, { faults: 'first-byte-delay=3600000', timeoutMs: 300 })
      return { refusal: await refusalOf(openai.chat.completions.create(chat)), idle: await becomesIdle(target) }
    },
    verdict: { refusal: { class: 'APIConnectionTimeoutError' }, idle: true },
  },
  {
    name: 'an answer that is not JSON',
    run: async (target) => {
      const call = clientOf(target, { faults: 'not-json' }).openai.chat.completions.create(chat)
      return call.then(
        () => 'no error',
        (error: unknown) => (error instanceof SyntaxError ? 'unreadable' : error),
      )
    },
    verdict: 'unreadable',
    fails: true,
  },
  {
    name: 'a stream that begins with an error',
    run: (target) => throws(target, 'error-event'),
    verdict: 'throws',
    fails: true,
  },
  {
    name: 'an error in the middle of a stream',
    run: (target) => throws(target, 'error-event-at=3'),
    verdict: 'throws',
    fails: true,
  },
  { name: 'a stream that breaks off', run: (target) => throws(target, 'cut=2'), verdict: 'throws', fails: true },
  {
    name: 'a streamed response that breaks off',
    run: (target) => {
      const { openai } = clientOf(target, { faults: 'cut=2' })
      return endOf(async () => collect(await openai.responses.create({ model: MODEL, input: 'hello', stream: true })))
    },
    verdict: 'throws',
    fails: true,
  },
  {
    name: 'an event that is not JSON',
    run: (target) => throws(target, 'malformed=3'),
    verdict: 'throws',
    fails: true,
  },
]

/** Leaving, long streams, many at once, and bytes that arrive in unusual ways. */
export const STREAM_FLOWS: readonly Flow[] = [
  {
    name: 'a client that aborts a stream ends the work',
    run: async (target) => {
      const { openai } = clientOf(target, { faults: 'tokens=1000000;token-delay=1' })
      const stream = await openai.chat.completions.create({ ...chat, stream: true })
      let read = 0
      for await (const chunk of stream) {
        read += chunk.choices.length
        if (read === 3) stream.controller.abort()
      }
      return { read: read >= 3, idle: await becomesIdle(target) }
    },
    verdict: { read: true, idle: true },
  },
  {
    name: 'a client that stops reading a stream ends the work',
    run: async (target) => {
      const { openai } = clientOf(target, { faults: 'tokens=1000000;token-delay=1' })
      const stream = await openai.chat.completions.create({ ...chat, stream: true })
      for await (const chunk of stream) if (chunk.choices.length > 0) break
      return becomesIdle(target)
    },
    verdict: true,
  },
  {
    name: 'a client that aborts a plain chat ends the work',
    run: async (target) => {
      const { openai } = clientOf(target, { faults: 'first-byte-delay=3600000' })
      const leave = new AbortController()
      const call = refusalOf(openai.chat.completions.create(chat, { signal: leave.signal }))
      await eventually(async () => expect(await activeAt(target)).toBe(1))
      leave.abort()
      return { refusal: await call, idle: await becomesIdle(target) }
    },
    verdict: { refusal: { class: 'APIUserAbortError' }, idle: true },
  },
  {
    name: 'a stream of 20,000 tokens',
    run: async (target) => {
      const { openai } = clientOf(target, { faults: 'tokens=20000' })
      const options = { stream: true, stream_options: { include_usage: true } } as const
      const chunks = await collect(await openai.chat.completions.create({ ...chat, ...options }))
      const words = textOf(chunks).split(' ')
      return { words: words.length, last: words.at(-1), usage: chunks.at(-1)?.usage?.completion_tokens }
    },
    verdict: { words: 20_000, last: 'word19999', usage: 20_000 },
  },
  {
    name: 'forty calls at once, half of them streams, keep their answers apart',
    run: async (target) => {
      const { openai } = clientOf(target, { faults: 'token-delay=1' })
      const say = async (index: number): Promise<boolean> => {
        const body = { model: MODEL, messages: [{ role: 'user' as const, content: `number ${index}` }] }
        const text =
          index % 2 === 0
            ? (await openai.chat.completions.create(body)).choices[0]?.message.content
            : textOf(await collect(await openai.chat.completions.create({ ...body, stream: true })))
        return text === `mock response: number ${index}`
      }
      const right = await Promise.all(Array.from({ length: 40 }, (_, index) => say(index)))
      return right.filter(Boolean).length
    },
    verdict: 40,
  },
  ...['split=7', 'split-utf8', 'crlf', 'gzip', 'huge-event=3000000', 'slow-drip=0'].map(streamed),
]

/** A stream that is whole, however it arrives. */
function streamed(faults: string): Flow {
  return {
    name: `a stream with ${faults}`,
    run: async (target) => {
      const { openai } = clientOf(target, { faults })
      const chunks = await collect(await openai.chat.completions.create({ ...chat, stream: true }))
      const text = textOf(chunks)
      const more = { huge: text.startsWith('xxx') && text.length - ANSWER.length, end: text.slice(-6) }
      return { finish: chunks.at(-1)?.choices[0]?.finish_reason, has: text.includes(ANSWER), ...more }
    },
    verdict: {
      finish: 'stop',
      has: true,
      huge: faults.startsWith('huge') && 3_000_000,
      end: faults === 'split-utf8' ? '요 🌍 é' : ' there',
    },
  }
}

/** Whether reading a stream throws. */
async function throws(target: Target, faults: string): Promise<string> {
  const { openai } = clientOf(target, { faults })
  return endOf(async () => collect(await openai.chat.completions.create({ ...chat, stream: true })))
}

function endOf(read: () => Promise<unknown>): Promise<string> {
  return read().then(
    () => 'ends as if it were whole',
    () => 'throws',
  )
}

async function becomesIdle(target: Target): Promise<true> {
  await eventually(async () => expect(await activeAt(target)).toBe(0))
  return true
}
