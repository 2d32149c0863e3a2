import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { post, startReady } from '../testing/running.ts'

/** An official client and the address of the worker it talks to. */
async function connect() {
  const { url } = await startReady()
  return { url, openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: 'unused', maxRetries: 0 }) }
}

const weather = {
  name: 'weather',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 3 }, unit: { enum: ['C', 'F'] } },
  },
} as const
const expected = { city: 'mock', days: 3, unit: 'C' }
const user = { role: 'user' as const, content: 'hello there' }

test('a chat with tools calls the first function, and its arguments stream in pieces', async () => {
  const { openai } = await connect()
  const body = { model: 'm', messages: [user], tools: [{ type: 'function' as const, function: weather }] }
  const { choices } = await openai.chat.completions.create(body)
  expect(choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } })
  const stream = openai.chat.completions.stream(body)
  let pieces = 0
  stream.on('tool_calls.function.arguments.delta', () => pieces++)
  const [call] = (await stream.finalMessage()).tool_calls ?? []
  expect(pieces).toBeGreaterThan(1)
  expect(call).toMatchObject({ type: 'function', function: { name: 'weather' } })
  expect(call?.type === 'function' && JSON.parse(call.function.arguments)).toEqual(expected)
})

test('the answer to the result of a tool is text, and tool_choice none is text', async () => {
  const { openai } = await connect()
  const tools = [{ type: 'function' as const, function: weather }]
  const said = { role: 'tool' as const, tool_call_id: 'call_mock_weather', content: 'rain' }
  const after = await openai.chat.completions.create({ model: 'm', messages: [user, said], tools })
  expect(after.choices[0]?.message.content).toBe('mock response: hello there')
  const none = await openai.chat.completions.create({ model: 'm', messages: [user], tools, tool_choice: 'none' })
  expect(none.choices[0]?.finish_reason).toBe('stop')
})

test('tool_choice picks a function by name and refuses one that is not there', async () => {
  const { url } = await connect()
  const tools = ['first', 'second'].map((name) => ({ type: 'function', function: { name } }))
  const ask = (name: string) => {
    const choice = { type: 'function', function: { name } }
    return post(`${url}/v1/chat/completions`, { model: 'm', messages: [user], tools, tool_choice: choice })
  }
  const calls = 'choices.0.message.tool_calls.0.function'
  expect(await (await ask('second')).json()).toHaveProperty(calls, { name: 'second', arguments: '{}' })
  const refused = await ask('third')
  expect(refused.status).toBe(400)
  expect(await refused.json()).toHaveProperty('error.param', 'tool_choice')
})

test('structured output is JSON that fits the schema, cut by the token limit like text', async () => {
  const { openai } = await connect()
  const format = { type: 'json_schema' as const, json_schema: { name: 'w', schema: weather.parameters } }
  const ask = (limit?: number) =>
    openai.chat.completions.create({
      model: 'm',
      messages: [user],
      response_format: format,
      ...(limit !== undefined && { max_completion_tokens: limit }),
    })
  expect(JSON.parse((await ask()).choices[0]?.message.content ?? '')).toEqual(expected)
  expect((await ask(1)).choices[0]).toMatchObject({ finish_reason: 'length', message: { content: '{"city":' } })
  const object = { type: 'json_object' as const }
  const any = await openai.chat.completions.create({ model: 'm', messages: [user], response_format: object })
  expect(JSON.parse(any.choices[0]?.message.content ?? '')).toEqual({ response: 'mock response: hello there' })
})

test('completions answer each prompt, plain and streamed with usage', async () => {
  const { openai } = await connect()
  const plain = await openai.completions.create({ model: 'm', prompt: ['one', 'two words'] })
  expect(plain.choices.map(({ text }) => text)).toEqual(['mock response: one', 'mock response: two words'])
  expect(plain.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 7, total_tokens: 10 })
  const options = { stream: true, stream_options: { include_usage: true } } as const
  const stream = await openai.completions.create({ model: 'm', prompt: [1, 2, 3], ...options })
  const chunks: OpenAI.Completion[] = []
  for await (const chunk of stream) chunks.push(chunk)
  expect(chunks.map(({ choices }) => choices[0]?.text ?? '').join('')).toBe('mock response: 1 2 3')
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 5 } })
})

test('embeddings are unit vectors of the text, alike as numbers and as base64', async () => {
  const { openai } = await connect()
  const base = { model: 'm', input: ['one', 'two', 'one'], dimensions: 40 }
  const floats = await openai.embeddings.create({ ...base, encoding_format: 'float' })
  const decoded = await openai.embeddings.create(base) // asks for base64 and decodes it
  expect(floats.data.map(({ embedding }) => embedding)).toEqual(decoded.data.map(({ embedding }) => embedding))
  const [one, two, again] = floats.data
  expect(one?.embedding).toHaveLength(40)
  expect(Math.hypot(...(one?.embedding ?? []))).toBeCloseTo(1, 5)
  expect(one?.embedding).toEqual(again?.embedding)
  expect(one?.embedding).not.toEqual(two?.embedding)
  expect(floats.usage).toEqual({ prompt_tokens: 3, total_tokens: 3 })
})

test('a response is one message, and its stream ends with response.completed', async () => {
  const { openai } = await connect()
  const whole = await openai.responses.create({ model: 'm', input: 'hello there' })
  expect(whole.output_text).toBe('mock response: hello there')
  expect(whole.usage).toMatchObject({ input_tokens: 2, output_tokens: 4, total_tokens: 6 })
  const stream = await openai.responses.create({ model: 'm', input: [user], stream: true })
  const events: OpenAI.Responses.ResponseStreamEvent[] = []
  for await (const event of stream) events.push(event)
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index))
  expect(events.map(({ type }) => type)).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    ...['mock', ' response:', ' hello', ' there'].map(() => 'response.output_text.delta'),
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.completed',
  ])
})

test('a response streams the events of its API by name and without [DONE]', async () => {
  const { url } = await connect()
  const text = await (await post(`${url}/v1/responses`, { model: 'm', input: 'hi', stream: true })).text()
  expect(text).toMatch(/^event: response\.created\ndata: \{"type":"response\.created"/)
  expect(text).toMatch(/event: response\.completed\ndata: .*\n\n$/)
  const cut = await post(
    `${url}/v1/responses`,
    { model: 'm', input: 'hi', stream: true },
    { 'x-mock-fault': 'no-done' },
  )
  expect(await cut.text()).not.toContain('response.completed')
})

test('a response calls functions, fits schemas and says when it was cut', async () => {
  const { openai } = await connect()
  const tools = [{ type: 'function' as const, strict: false, ...weather }]
  const called = await openai.responses.stream({ model: 'm', input: 'hi', tools }).finalResponse()
  expect(called.output[0]).toMatchObject({
    type: 'function_call',
    name: 'weather',
    arguments: JSON.stringify(expected),
  })
  const format = { type: 'json_schema' as const, name: 'w', schema: weather.parameters }
  const fitted = await openai.responses.create({ model: 'm', input: 'hi', text: { format } })
  expect(JSON.parse(fitted.output_text)).toEqual(expected)
  const cut = await openai.responses.create({ model: 'm', input: 'hello there', max_output_tokens: 2 })
  expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
})

test('rerank and ranking put the text that holds the query first', async () => {
  const { url } = await connect()
  const documents = ['something else', 'the capital of France is Paris', 'a capital idea']
  const query = 'capital of France'
  const rerank = await post(`${url}/v1/rerank`, { model: 'm', query, documents, top_n: 2, return_documents: true })
  expect(await rerank.json()).toMatchObject({
    results: [{ index: 1, relevance_score: 1, document: { text: documents[1] } }, { index: 2 }],
    usage: { total_tokens: 14 },
  })
  const passages = documents.map((text) => ({ text }))
  const ranking = await post(`${url}/v1/ranking`, { model: 'm', query: { text: query }, passages })
  expect(await ranking.json()).toMatchObject({
    rankings: [{ index: 1, logit: 5 }, { index: 2 }, { index: 0, logit: -5 }],
  })
})

test.each([
  { path: 'completions', body: {}, param: 'prompt' },
  { path: 'completions', body: { prompt: [] }, param: 'prompt' },
  { path: 'embeddings', body: { input: [{}] }, param: 'input.0' },
  { path: 'embeddings', body: { input: 'x', encoding_format: 'int8' }, param: 'encoding_format' },
  { path: 'embeddings', body: { input: 'x', dimensions: 100_000 }, param: 'dimensions' },
  { path: 'responses', body: {}, param: 'input' },
  { path: 'rerank', body: { query: 'x' }, param: 'documents' },
  { path: 'ranking', body: { query: 'x', passages: ['y', 7] }, param: 'passages.1' },
  { path: 'chat/completions', body: { messages: [user], tools: [{ type: 'function' }] }, param: 'tools.0.name' },
  {
    path: 'chat/completions',
    body: { messages: [user], response_format: { type: 'json_schema' } },
    param: 'response_format',
  },
])('/v1/$path refuses $body', async ({ path, body, param }) => {
  const { url } = await connect()
  const response = await post(`${url}/v1/${path}`, { model: 'm', ...body })
  expect(response.status).toBe(400)
  expect(await response.json()).toHaveProperty('error.param', param)
})
