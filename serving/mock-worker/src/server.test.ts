import { connect } from 'node:net'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterEach, expect, test, vi } from 'vitest'
import { readConfig } from './config.ts'
import type { Environment } from './config.ts'
import { jsonLog } from './log.ts'
import { startWorker } from './server.ts'

const workerId: unknown = expect.stringMatching(/^mock-worker-/)
const aNumber: unknown = expect.any(Number)
const cleanups: (() => Promise<unknown>)[] = []
const lines: string[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  lines.length = 0
})

/** A worker on a free port; `WORKER_TOKEN_DELAY_MS` is 0 unless `env` says otherwise. */
async function start(env: Environment = {}, random?: () => number) {
  const result = readConfig({ PORT: '0', WORKER_TOKEN_DELAY_MS: '0', ...env })
  if (!result.ok) throw new Error(result.problems.join('; '))
  const worker = await startWorker(
    result.config,
    jsonLog((line) => lines.push(line)),
    random,
  )
  cleanups.push(() => worker.close())
  return { ...worker, url: `http://127.0.0.1:${worker.port}` }
}

async function startReady(env: Environment = {}, random?: () => number) {
  const worker = await start(env, random)
  await worker.ready
  return worker
}

const nim = { WORKER_DRESS: 'nim', WORKER_IMAGE: 'nvcr.io/nim/meta/llama:1.0', WORKER_STARTUP_DELAY_MS: '0' }

function chat(url: string, body: object | string, signal?: AbortSignal): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify({ model: 'any', messages: hello, ...body })
  return fetch(`${url}/v1/chat/completions`, { method: 'POST', body: text, ...(signal && { signal }) })
}

const hello = [{ role: 'user' as const, content: 'hello there' }]

/** The value of one sample of `/metrics`. */
async function metric(url: string, sample: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split('\n').find((line) => line.startsWith(`${sample} `))
  return Number(line?.slice(sample.length + 1))
}

test('a plain chat answers with the last user text and true usage', async () => {
  const { url } = await startReady()
  const response = await chat(url, {})
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    id: workerId,
    object: 'chat.completion',
    model: 'any',
    choices: [{ message: { role: 'assistant', content: 'mock response: hello there' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 },
  })
})

test('the OpenAI client streams an answer with usage in the last chunk', async () => {
  const { url } = await startReady()
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'unused' })
  const stream = await client.chat.completions.create({
    model: 'any',
    messages: hello,
    stream: true,
    stream_options: { include_usage: true },
  })
  const chunks: OpenAI.ChatCompletionChunk[] = []
  for await (const chunk of stream) chunks.push(chunk)
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content)).toEqual(
    ['', 'mock', ' response:', ' hello', ' there', undefined, undefined], // role, content, finish, usage
  )
  expect(chunks.map((chunk) => chunk.choices[0]?.finish_reason ?? null).filter(Boolean)).toEqual(['stop'])
  expect(chunks.at(-1)?.usage).toEqual({ prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 })
  expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
})

test('a stream ends with [DONE] and has no usage unless asked for', async () => {
  const { url } = await startReady()
  const response = await chat(url, { stream: true, max_tokens: 1 })
  const text = await response.text()
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  expect(text).toMatch(/"finish_reason":"length"\}\]\}\n\ndata: \[DONE\]\n\n$/)
  expect(text).not.toContain('usage')
})

test('a client that leaves a stream stops the generation at once', async () => {
  const { url } = await startReady({ WORKER_TOKEN_DELAY_MS: '1' })
  const leave = new AbortController()
  const long = 'word '.repeat(100_000)
  const response = await chat(url, { stream: true, messages: [{ role: 'user', content: long }] }, leave.signal)
  await response.body?.getReader().read()
  leave.abort()
  await vi.waitUntil(async () => (await metric(url, 'mock_worker_requests_aborted_total')) === 1)
  expect(await metric(url, 'mock_worker_requests_in_flight')).toBe(0)
  const generated = await metric(url, 'mock_worker_tokens_generated_total')
  await chat(url, {}) // 4 tokens of another request: whatever else were still generating would show in the sum
  expect(await metric(url, 'mock_worker_tokens_generated_total')).toBe(generated + 4)
  expect(generated).toBeLessThan(100_000)
})

test('a client that leaves before a plain answer is counted as aborted, and nothing was generated', async () => {
  const { url } = await startReady({ WORKER_DELAY_MS: '3600000' })
  const leave = new AbortController()
  const request = chat(url, {}, leave.signal).catch(() => undefined)
  await vi.waitUntil(async () => (await metric(url, 'mock_worker_requests_in_flight')) === 1)
  leave.abort()
  await request
  await vi.waitUntil(async () => (await metric(url, 'mock_worker_requests_aborted_total')) === 1)
  expect(await metric(url, 'mock_worker_tokens_generated_total')).toBe(0)
})

test('a client that does not read holds the generation back', async () => {
  const { url, port } = await startReady()
  const words = 1_000_000
  const body = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'w '.repeat(words) }] })
  const socket = connect(port, '127.0.0.1')
  cleanups.push(async () => socket.destroy())
  socket.pause()
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  // The counter stands still, between two looks, long before the end: only a full socket explains that.
  let last = -1
  await vi.waitUntil(
    async () => {
      const now = await metric(url, 'mock_worker_tokens_generated_total')
      const still = now > 0 && now === last
      last = now
      return still
    },
    { timeout: 15_000, interval: 250 },
  )
  expect(last).toBeLessThan(words)
})

test.each([
  { what: 'malformed JSON', body: '{"model":', status: 400 },
  { what: 'a body without messages', body: '{"model":"m"}', status: 400 },
])('$what is $status in the OpenAI envelope', async ({ body, status }) => {
  const { url } = await startReady()
  const response = await chat(url, body)
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', code: null } })
})

test('WORKER_FAIL_RATE is the share of chats that fail', async () => {
  const draws = [0.1, 0.9]
  const { url } = await startReady({ WORKER_FAIL_RATE: '0.5' }, () => draws.shift() ?? 1)
  const failed = await chat(url, {})
  expect(failed.status).toBe(503)
  expect(await failed.json()).toMatchObject({ error: { message: 'mock failure' } })
  expect((await chat(url, {})).status).toBe(200)
  expect(await metric(url, 'mock_worker_requests_total{status="503"}')).toBe(1)
  expect(await metric(url, 'mock_worker_requests_total{status="200"}')).toBe(1)
})

test.each([
  { path: '/nowhere', method: 'GET', status: 404, allow: null },
  { path: '/v1/chat/completions', method: 'GET', status: 405, allow: 'POST' },
  { path: '/health', method: 'POST', status: 405, allow: 'GET' },
  { path: '/constructor', method: 'GET', status: 404, allow: null },
])('$method $path is $status', async ({ path, method, status, allow }) => {
  const { url } = await startReady()
  const response = await fetch(url + path, { method })
  expect(response.status).toBe(status)
  expect(response.headers.get('allow')).toBe(allow)
  expect(await response.json()).toHaveProperty('error.message')
})

test('a NIM is alive but not ready while its weights are on their way', async () => {
  const { url } = await start({ ...nim, WORKER_STARTUP_DELAY_MS: '3600000' })
  expect((await fetch(`${url}/v1/health/live`)).status).toBe(200)
  for (const path of ['/v1/health/ready', '/health', '/v1/models']) expect((await fetch(url + path)).status).toBe(503)
  expect((await chat(url, { model: 'meta/llama' })).status).toBe(503)
})

test('a NIM serves exactly the model of its image', async () => {
  const { url } = await startReady(nim)
  expect((await fetch(`${url}/v1/health/ready`)).status).toBe(200)
  expect(await (await fetch(`${url}/v1/models`)).json()).toMatchObject({
    object: 'list',
    data: [{ id: 'meta/llama', object: 'model', created: aNumber, owned_by: 'nexus-model-worker' }],
  })
  expect((await chat(url, { model: 'meta/llama' })).status).toBe(200)
  const other = await chat(url, { model: 'meta/other' })
  expect(other.status).toBe(404)
  expect(await other.json()).toMatchObject({ error: { code: 'model_not_found', param: 'model' } })
  expect(await (await fetch(`${url}/v1/metrics`)).text()).toContain('num_requests_running{model_name="meta/llama"} 0\n')
})

test('a NIM keeps its weights under the cache path and finds them again', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'mock-worker-'))
  cleanups.push(() => rm(cache, { recursive: true }))
  await startReady({ ...nim, NIM_CACHE_PATH: cache })
  expect(await readdir(join(cache, 'mock-weights'))).toEqual(['nvcr.io_nim_meta_llama_1.0.json'])
  expect(lines.join('')).toContain('Downloading weights')
  lines.length = 0
  await startReady({ ...nim, NIM_CACHE_PATH: cache })
  expect(lines.join('')).toContain('Weights found in the cache')
})

test('a cache that cannot be written is an error, not a worker that seems to start', async () => {
  const worker = await start({ ...nim, NIM_CACHE_PATH: '/dev/null' })
  await expect(worker.ready).rejects.toThrow('/dev/null')
})

test('closing lets a running stream finish', async () => {
  const worker = await startReady({ WORKER_TOKEN_DELAY_MS: '5' })
  const response = await chat(worker.url, { stream: true })
  const [text] = await Promise.all([response.text(), worker.close()])
  expect(text).toMatch(/data: \[DONE\]\n\n$/)
  await expect(fetch(`${worker.url}/health`)).rejects.toThrow('fetch failed')
  cleanups.length = 0
})

test('no text of a chat reaches the log', async () => {
  const { url } = await startReady()
  await chat(url, {})
  expect(lines.join('')).toContain('"status":200')
  expect(lines.join('')).not.toContain('hello')
})
