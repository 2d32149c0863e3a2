import type { RequestListener } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { startServer } from '../testing/loopback.ts'
import type { ServedModel } from '../routing/snapshot.ts'
import { createModelLister } from './model-ids.ts'

async function askModels(listener: RequestListener): Promise<ServedModel[]> {
  const lister = createModelLister({ totalMs: 500, sizeBytes: 1024 * 1024 })
  onTestFinished(() => lister.close())
  return lister.list(await startServer(listener), new AbortController().signal)
}

async function ask(listener: RequestListener): Promise<string[]> {
  return (await askModels(listener)).map(({ id }) => id)
}

const entries = (count: number): object[] => Array.from({ length: count }, (_, index) => ({ id: `m${index}` }))

test('reads the ids in the order of the server', async () => {
  const ids = await ask((_request, response) => response.end('{"object":"list","data":[{"id":"base"},{"id":"a"}]}'))
  expect(ids).toEqual(['base', 'a'])
})

test('takes the first thousand of a longer list', async () => {
  const ids = await ask((_request, response) => response.end(JSON.stringify({ data: entries(12_000) })))
  expect([ids.length, ids[0], ids.at(-1)]).toEqual([1_000, 'm0', 'm999'])
})

test('passes over what is no model', async () => {
  const data = [{ id: '' }, { id: 'x'.repeat(513) }, null, 7, { name: 'm' }, { id: 'good' }]
  expect(await ask((_request, response) => response.end(JSON.stringify({ data })))).toEqual(['good'])
})

test.each([
  [
    'vLLM',
    [
      { id: 'base', root: '/models/base', parent: null },
      { id: 'a', root: '/loras/a', parent: 'base' },
    ],
  ],
  [
    'NIM',
    [
      { id: 'base', root: 'base', parent: null },
      { id: 'a', root: 'base', parent: null },
    ],
  ],
  [
    'a server with odd links',
    [
      { id: 'base', root: 7, parent: '' },
      { id: 'a', root: 'base', parent: {} },
    ],
  ],
])('knows of an adapter which model it adapts, as %s says it', async (_name, data) => {
  const models = await askModels((_request, response) => response.end(JSON.stringify({ data })))
  expect(models).toEqual([{ id: 'base' }, { id: 'a', base: 'base' }])
})

const tooLarge: RequestListener = (_request, response) =>
  void response.end(`{"data":[{"id":"${'m'.repeat(2 * 1024 * 1024)}"}]}`)

/** Never silent for long, never done. */
const dripping: RequestListener = (_request, response) => {
  response.writeHead(200)
  const timer = setInterval(() => response.write(' '), 20)
  response.once('close', () => clearInterval(timer))
}

test.each<[string, RequestListener]>([
  ['is no JSON', (_request, response) => void response.end('<html>')],
  ['is JSON of another shape', (_request, response) => void response.end('["m"]')],
  ['is larger than a list of models can be', tooLarge],
  ['never ends', dripping],
  ['never begins', () => undefined],
  ['is a refusal', (_request, response) => void response.writeHead(401).end()],
])('fails when the answer %s', async (_name, listener) => {
  await expect(ask(listener)).rejects.toThrow()
})
