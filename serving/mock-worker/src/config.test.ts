import { expect, test } from 'vitest'
import { modelIdOf, readConfig } from './config.ts'

test('an empty environment is a plain worker on loopback', () => {
  expect(readConfig({})).toEqual({
    ok: true,
    config: {
      host: '127.0.0.1',
      port: 8001,
      modelName: 'mock-worker',
      loraModels: [],
      maxRunning: 0,
      delayMs: 0,
      tokenDelayMs: 20,
      failRate: 0,
      dress: { kind: 'plain' },
    },
  })
})

test('the NIM dress serves the model of its image on port 8000', () => {
  const env = {
    WORKER_DRESS: 'nim',
    WORKER_IMAGE: 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4',
    NIM_CACHE_PATH: '/c',
  }
  expect(readConfig(env)).toMatchObject({
    ok: true,
    config: {
      port: 8000,
      modelName: 'meta/llama-3.1-8b-instruct',
      dress: { kind: 'nim', startupDelayMs: 1500, cachePath: '/c' },
    },
  })
})

test('the adapters are a list', () => {
  expect(readConfig({ WORKER_LORA_MODELS: ' math, ,code' })).toMatchObject({ config: { loraModels: ['math', 'code'] } })
})

test('every problem is named at once', () => {
  const result = readConfig({
    PORT: '70000',
    WORKER_FAIL_RATE: '2',
    WORKER_MAX_RUNNING: '1e9',
    WORKER_DELAY_MS: '-1',
    WORKER_TOKEN_DELAY_MS: '1.5',
    WORKER_DRESS: 'nim',
    WORKER_IMAGE: 'nginx:latest',
    WORKER_STARTUP_DELAY_MS: 'soon',
  })
  expect(result.ok ? [] : result.problems.map((problem) => problem.split(' ', 1)[0])).toEqual([
    'WORKER_IMAGE',
    'WORKER_STARTUP_DELAY_MS',
    'PORT',
    'WORKER_MAX_RUNNING',
    'WORKER_DELAY_MS',
    'WORKER_TOKEN_DELAY_MS',
    'WORKER_FAIL_RATE',
  ])
})

test('an unknown dress is refused', () => {
  expect(readConfig({ WORKER_DRESS: 'tuxedo' })).toEqual({
    ok: false,
    problems: ['WORKER_DRESS must be "plain" or "nim", not "tuxedo"'],
  })
})

test.each([
  { image: 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4', id: 'meta/llama-3.1-8b-instruct' },
  { image: 'registry.example:5000/mirror/nim/nvidia/nv-embedqa_e5.v5:1.0-RTX', id: 'nvidia/nv-embedqa_e5.v5' },
  { image: 'nvcr.io/nim/qwen/qwen3-32b@sha256:0123', id: 'qwen/qwen3-32b' },
  { image: 'nvcr.io/nim/qwen/qwen3-32b:1@sha256:0123', id: 'qwen/qwen3-32b' },
  { image: 'nvcr.io/nvidia/cuda:12', id: '' },
  { image: 'mynim/meta/llama:1', id: '' },
])('the model of $image is "$id"', ({ image, id }) => {
  expect(modelIdOf(image)).toBe(id)
})
