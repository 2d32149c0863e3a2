import { expect, test } from 'vitest'
import { ask, startAnswering, startConfigured, status } from '../testing/configured.ts'
import { eventually, openSocket, rawChat, type Received } from '../testing/running.ts'

const LIMITS = { default: { requestsPerWindow: 10, tokensPerMinute: 1_000 } }
const BODY = '{"model":"w","max_tokens":100}'
/** Of the body: four bytes to a token. */
const PROMPT_TOKENS = 8
const ANSWER = status(200, '{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}')

const resets = ({ request }: Received): void => void request.socket.resetAndDestroy()

/** What a call leaves of the limits before it has settled itself. */
async function left(url: string): Promise<{ requests: number; tokens: number }> {
  const { headers } = await ask(url, BODY)
  const value = (name: string): number => Number(headers.get(`x-ratelimit-remaining-${name}`))
  return { requests: value('requests'), tokens: value('tokens') }
}

/** What is left before a call, and what its estimate takes. */
const FIRST = { requests: 9, tokens: 1_000 - PROMPT_TOKENS - 100 }

test.each([
  ['is answered with its usage', status(200, '{"usage":{"prompt_tokens":7,"completion_tokens":5}}'), 1, 12],
  ['is answered without its usage', status(200, '{"choices":[]}'), 1, PROMPT_TOKENS + 100],
  ['is refused by its server', status(422, '{"error":{}}'), 1, 0],
  ['finds its server failing', status(500, '{"error":{}}'), 1, 0],
  ['no server takes', resets, 0, 0],
])('a call that %s counts as what it took', async (_name, answer, requests, tokens) => {
  const upstream = await startAnswering(answer, ANSWER)
  const gateway = await startConfigured({ w: upstream.url }, { limits: LIMITS, retries: { maxAttempts: 1 } })
  await (await ask(gateway.url, BODY)).text()
  expect(await left(gateway.url)).toEqual({ requests: FIRST.requests - requests, tokens: FIRST.tokens - tokens })
})

test('a client that leaves before its answer begins has used a request and its prompt', async () => {
  const upstream = await startAnswering(() => undefined, ANSWER)
  const gateway = await startConfigured({ w: upstream.url }, { limits: LIMITS })
  const socket = await openSocket(gateway.url)
  socket.write(rawChat(BODY))
  await eventually(() => upstream.received).toHaveLength(1)
  socket.destroy()
  await upstream.received[0]?.closed
  await eventually(() => gateway.logged.some((line) => line.includes('"status":499'))).toBe(true)
  expect(await left(gateway.url)).toEqual({ requests: FIRST.requests - 1, tokens: FIRST.tokens - PROMPT_TOKENS })
})
