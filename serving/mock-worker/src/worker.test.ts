import { expect, test, vi } from 'vitest'
import { chat, startReady } from './testing/running.ts'

/** The lines of `/metrics` that hold `text`. */
async function metrics(url: string, text: string): Promise<string[]> {
  const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n')
  return lines.filter((line) => line.includes(text) && !line.startsWith('#'))
}

test('adapters are models with a parent, and a NIM serves them', async () => {
  const env = { WORKER_DRESS: 'nim', WORKER_IMAGE: 'nvcr.io/nim/meta/llama:1.8.4', WORKER_STARTUP_DELAY_MS: '0' }
  const { url } = await startReady({ ...env, WORKER_LORA_MODELS: 'math,team/code' })
  expect(await (await fetch(`${url}/v1/models`)).json()).toMatchObject({
    data: [
      { id: 'meta/llama', root: 'meta/llama', parent: null, max_model_len: 131_072 },
      { id: 'math', parent: 'meta/llama' },
      { id: 'team/code', root: 'team/code' },
    ],
  })
  expect((await chat(url, { model: 'math' })).status).toBe(200)
  expect((await chat(url, { model: 'other' })).status).toBe(404)
  expect(await (await fetch(`${url}/v1/models/team%2Fcode`)).json()).toMatchObject({ id: 'team/code' })
  expect(await (await fetch(`${url}/v1/models/team/code`)).json()).toMatchObject({ id: 'team/code' })
  expect((await fetch(`${url}/v1/models/none`)).status).toBe(404)
  expect((await fetch(`${url}/v1/models/%ff`)).status).toBe(400)
  expect(await (await fetch(`${url}/v1/version`)).json()).toEqual({ release: '1.8.4', api: '1.8.4' })
  expect(await (await fetch(`${url}/v1/metadata`)).json()).toMatchObject({ version: '1.8.4', modelInfo: [{}] })
})

test('what is over the limit waits its turn, and both families of metrics say so', async () => {
  const { url } = await startReady({ WORKER_MAX_RUNNING: '1', WORKER_LORA_MODELS: 'math' })
  const [first, second] = [new AbortController(), new AbortController()]
  const start = (signal: AbortSignal): Promise<unknown> => {
    const headers = { 'x-mock-fault': 'first-byte-delay=3600000' }
    const body = JSON.stringify({ model: 'math', messages: [{ role: 'user', content: 'hi' }] })
    return fetch(`${url}/v1/chat/completions`, { method: 'POST', body, headers, signal }).catch(() => undefined)
  }
  const calls = [start(first.signal), start(second.signal)]
  await vi.waitUntil(async () => (await metrics(url, 'vllm:num_requests_waiting'))[0]?.endsWith(' 1') === true)
  const third = chat(url, {})
  expect(await metrics(url, 'num_requests_running')).toEqual([
    'vllm:num_requests_running{model_name="mock-worker"} 1',
    'num_requests_running{model_name="mock-worker"} 1',
  ])
  expect(await metrics(url, 'cache_usage_perc')).toEqual([
    'vllm:kv_cache_usage_perc{model_name="mock-worker"} 1',
    'gpu_cache_usage_perc{model_name="mock-worker"} 1',
  ])
  expect((await metrics(url, 'vllm:lora_requests_info'))[0]).toContain('max_lora="1",running_lora_adapters="math"')
  second.abort() // leaves the queue
  first.abort() // makes room
  expect((await third).status).toBe(200)
  await Promise.all(calls)
  await vi.waitUntil(async () => (await metrics(url, 'requests_aborted_total'))[0]?.endsWith(' 2') === true)
  expect((await metrics(url, 'vllm:num_requests_'))[0]).toMatch(/ 0$/)
})

test('the statistics show the last request as it came, without its credentials', async () => {
  const { url } = await startReady()
  expect(await (await fetch(`${url}/mock/stats`)).json()).toEqual({ active: 0, aborted: 0, requests: 0, last: null })
  const body = '{ "model": "m", "seed": 12345678901234567890, "messages": [{"role":"user","content":"hi"}] }'
  const secrets = { authorization: 'Bearer gw-test-1', 'x-api-key': 'gw-test-2', cookie: 'gw-test-3' }
  const headers = { ...secrets, 'x-other': 'shown' }
  await fetch(`${url}/v1/chat/completions?a=1`, { method: 'POST', body, headers })
  const stats = await (await fetch(`${url}/mock/stats`)).text()
  expect(stats).not.toContain('gw-test-')
  expect(JSON.parse(stats)).toMatchObject({
    requests: 1,
    last: {
      method: 'POST',
      path: '/v1/chat/completions?a=1',
      headers: { authorization: 'present', 'x-api-key': 'present', cookie: 'present', 'x-other': 'shown' },
      body,
    },
  })
})

test('stream options without a stream are refused in the words of a NIM', async () => {
  const { url } = await startReady()
  const response = await chat(url, { stream_options: { include_usage: true } })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({
    error: { message: 'Stream options can only be defined when stream=True', param: 'stream_options' },
  })
})
