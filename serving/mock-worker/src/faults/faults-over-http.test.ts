import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { chat, startReady } from '../testing/running.ts'

/** The data of the events of a body, and whether it ended with `[DONE]`. */
function eventsOf(body: string): { events: string[]; done: boolean } {
  const data = body.split(/\r?\n\r?\n/).flatMap((event) => (event === '' ? [] : [event.replace(/^data: /, '')]))
  const done = data.at(-1) === '[DONE]'
  return { events: done ? data.slice(0, -1) : data, done }
}

/** Streams a chat under faults; `broken` says that the connection ended before the body did. */
async function stream(faults: string, body: object = {}) {
  const { url } = await startReady()
  const chunks: Buffer[] = []
  return new Promise<{ text: string; chunks: Buffer[]; broken: boolean }>((resolve) => {
    const headers = { 'x-mock-fault': faults }
    const call = request(`${url}/v1/chat/completions`, { method: 'POST', headers, agent: false }, (response) => {
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => undefined)
      response.on('close', () => {
        resolve({ text: Buffer.concat(chunks).toString(), chunks, broken: !response.complete })
      })
    })
    const messages = [{ role: 'user', content: 'hello there' }]
    call.end(JSON.stringify({ model: 'm', stream: true, messages, ...body }))
  })
}

/** Role, four tokens and the finish are the events of an answer to `hello there`. */
const WHOLE = 6

test('cut closes the connection after the token, without the end of the body', async () => {
  const { text, broken } = await stream('cut=2')
  expect(broken).toBe(true)
  expect(eventsOf(text)).toMatchObject({ events: { length: 3 }, done: false })
  expect(text).toContain(' response:')
})

test('cut breaks a plain answer off in the middle of its body', async () => {
  const { text, broken } = await stream('cut=0', { stream: false })
  expect(broken).toBe(true)
  expect(text).toMatch(/^\{"id"/)
})

test('end closes the body after the token as if nothing were missing', async () => {
  const { text, broken } = await stream('end=2')
  expect(broken).toBe(false)
  expect(eventsOf(text)).toMatchObject({ events: { length: 3 }, done: false })
  expect(text).not.toContain('"finish_reason":"stop"')
})

test('no-done leaves only [DONE] out', async () => {
  const { text, broken } = await stream('no-done')
  expect(broken).toBe(false)
  expect(eventsOf(text)).toMatchObject({ events: { length: WHOLE }, done: false })
  expect(text).toContain('"finish_reason":"stop"')
})

test('malformed spoils one event', async () => {
  const { events, done } = eventsOf((await stream('malformed=2')).text)
  expect(done).toBe(true)
  expect(events[1]).toBe('{"this is not": JSON')
  expect(JSON.parse(events[2] ?? '')).toHaveProperty('choices')
})

test.each([
  { faults: 'error-event', before: 0 },
  { faults: 'error-event-at=3', before: 2 },
])('$faults sends an error after $before events and ends', async ({ faults, before }) => {
  const { events, done } = eventsOf((await stream(faults)).text)
  expect(events).toHaveLength(before + 1)
  expect(JSON.parse(events[before] ?? '')).toMatchObject({ error: { message: 'mock failure' } })
  expect(done).toBe(true)
})

test('crlf ends every line with two characters', async () => {
  const { text } = await stream('crlf')
  expect(text).toMatch(/^data: .*\r\n\r\ndata: /)
  expect(text.replaceAll('\r\n', '')).not.toContain('\n')
  expect(eventsOf(text).events).toHaveLength(WHOLE)
})

test('split sends pieces of one size whatever they hold', async () => {
  const { chunks, text } = await stream('split=7')
  expect(eventsOf(text)).toMatchObject({ events: { length: WHOLE }, done: true })
  expect(chunks.length).toBeGreaterThan(WHOLE + 1)
})

test('split-utf8 ends pieces inside of characters and loses nothing', async () => {
  const { chunks, text } = await stream('split-utf8')
  expect(text).toContain('안녕하세요')
  expect(text).not.toContain('\ufffd')
  expect(chunks.some((chunk) => chunk.toString().endsWith('\ufffd'))).toBe(true)
})

test('huge-event makes the first token as long as asked, and tokens sets their number', async () => {
  const { events } = eventsOf((await stream('huge-event=100000;tokens=10')).text)
  expect(events).toHaveLength(WHOLE - 4 + 10)
  expect(events[1]).toContain('x'.repeat(100_000))
})

test('slow-drip sends byte by byte', async () => {
  const { chunks, text } = await stream('slow-drip=0;tokens=0')
  expect(eventsOf(text)).toMatchObject({ events: { length: 2 }, done: true })
  expect(chunks.length).toBeGreaterThan(WHOLE)
})

test('gzip compresses streams and plain answers unasked', async () => {
  const streamed = await stream('gzip')
  expect(eventsOf(gunzipSync(Buffer.concat(streamed.chunks)).toString())).toMatchObject({ done: true })
  const { url } = await startReady()
  const plain = await chat(url, {}, { 'x-mock-fault': 'gzip' })
  expect(plain.headers.get('content-encoding')).toBe('gzip')
  expect(await plain.json()).toHaveProperty('choices.0.message.content', 'mock response: hello there')
})

test('gzip passes on what does not get smaller', async () => {
  const text = randomBytes(500_000).toString('base64url')
  const { chunks } = await stream('gzip', { messages: [{ role: 'user', content: text }] })
  expect(gunzipSync(Buffer.concat(chunks)).toString()).toContain(text)
})

test('no-usage keeps usage from those who ask', async () => {
  const asked = { stream_options: { include_usage: true } }
  expect((await stream('no-usage', asked)).text).not.toContain('usage')
  expect((await stream('no-usage', { stream: false })).text).not.toContain('usage')
})

test('status answers an error with retry-after, so often as times says', async () => {
  const { url } = await startReady()
  const faults = { 'x-mock-fault': 'status=429;retry-after=2;times=1' }
  const refused = await chat(url, {}, faults)
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('2')
  expect(await refused.json()).toMatchObject({ error: { type: 'rate_limit_error', code: 'mock_failure' } })
  expect((await chat(url, {}, faults)).status).toBe(200)
})

test('not-json is 200 and unreadable', async () => {
  const { url } = await startReady()
  const response = await chat(url, {}, { 'x-mock-fault': 'not-json' })
  expect(response.status).toBe(200)
  await expect(response.json()).rejects.toThrow('JSON')
})

test('headers adds what no client should see', async () => {
  const { url } = await startReady()
  const response = await chat(url, {}, { 'x-mock-fault': 'headers' })
  expect(response.headers.get('connection')).toContain('x-named-by-connection')
  expect(response.headers.get('set-cookie')).toBe('session=internal')
  expect(response.status).toBe(200)
})

test('reset-on-reuse answers the first request of a connection and resets it at the second', async () => {
  const { url } = await startReady()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const call = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = { 'x-mock-fault': 'reset-on-reuse' }
      const sent = request(`${url}/v1/chat/completions`, { method: 'POST', agent, headers }, (response) => {
        response.resume().on('end', () => resolve('answered'))
      })
      sent.on('error', reject)
      sent.end('{"model":"m","messages":[{"role":"user","content":"hi"}]}')
    })
  expect(await call()).toBe('answered')
  await expect(call()).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(await call()).toBe('answered')
})

test('the model can carry the faults, also where only one model is served', async () => {
  const { url } = await startReady({ WORKER_DRESS: 'nim', WORKER_IMAGE: 'nvcr.io/nim/meta/llama:1.0', ...instant })
  const response = await chat(url, { model: 'meta/llama+fault=status=503' })
  expect(response.status).toBe(503)
  expect((await chat(url, { model: 'meta/llama+fault=tokens=1' })).status).toBe(200)
  expect((await chat(url, { model: 'meta/other+fault=tokens=1' })).status).toBe(404)
})

const instant = { WORKER_STARTUP_DELAY_MS: '0' }

test('an unknown fault is 400 and nothing happens', async () => {
  const { url } = await startReady()
  const response = await chat(url, {}, { 'x-mock-fault': 'explode' })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { param: 'x-mock-fault', code: 'unknown_fault' } })
})

test('a fault that breaks the answer off is not counted as a client that left', async () => {
  const { url } = await startReady()
  await chat(url, { stream: true }, { 'x-mock-fault': 'cut=1' })
    .then((response) => response.text())
    .catch(() => undefined)
  expect(await (await fetch(`${url}/mock/stats`)).json()).toMatchObject({ aborted: 0, active: 0, requests: 1 })
})
