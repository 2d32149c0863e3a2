import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { startTestGateway, startUpstream, TEST_KEY } from './testing/running.ts'

function chunk(content: string): string {
  const choices = [{ index: 0, delta: { content }, finish_reason: null }]
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`
}

async function connectThrough(url: string, apiKey = TEST_KEY) {
  const gateway = await startTestGateway({ GATEWAY_UPSTREAMS: `w=${url}` })
  return new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
}

const messages = [{ role: 'user' as const, content: 'hi' }]

test('the official client streams a chat', async () => {
  const upstream = await startUpstream(({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const word of ['one ', 'two ', 'three']) response.write(chunk(word))
    response.end('data: [DONE]\n\n')
  })
  const openai = await connectThrough(upstream.url)
  const stream = await openai.chat.completions.create({ model: 'w', messages, stream: true })
  let text = ''
  for await (const part of stream) text += part.choices[0]?.delta.content ?? ''
  expect(text).toBe('one two three')
})

test('the official client stops the upstream when it stops reading', async () => {
  const upstream = await startUpstream(({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(chunk('forever'))
  })
  const openai = await connectThrough(upstream.url)
  const stream = await openai.chat.completions.create({ model: 'w', messages, stream: true })
  for await (const part of stream) if (part.choices.length > 0) break
  await upstream.received[0]?.closed
  expect(upstream.received).toHaveLength(1)
})

test('the official client throws when a stream breaks off', async () => {
  const upstream = await startUpstream(({ request, response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(chunk('half'), () => setTimeout(() => request.socket.resetAndDestroy(), 20))
  })
  const openai = await connectThrough(upstream.url)
  const stream = await openai.chat.completions.create({ model: 'w', messages, stream: true })
  const read = async (): Promise<void> => {
    for await (const part of stream) expect(part.object).toBe('chat.completion.chunk')
  }
  await expect(read()).rejects.toThrow('broke off its answer')
})

test('the official client throws when a stream of the Responses API breaks off', async () => {
  const created = { type: 'response.created', sequence_number: 0, response: { id: 'r', output: [] } }
  const upstream = await startUpstream(({ request, response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const event = `event: response.created\ndata: ${JSON.stringify(created)}\n\n`
    response.write(event, () => setTimeout(() => request.socket.resetAndDestroy(), 20))
  })
  const openai = await connectThrough(upstream.url)
  const events = await openai.responses.create({ model: 'w', input: 'hi', stream: true })
  const read = async (): Promise<void> => {
    for await (const event of events) expect(event).toEqual(created)
  }
  await expect(read()).rejects.toMatchObject({
    message: 'The upstream w broke off its answer.',
    code: 'upstream_error',
  })
})

test('the official client lists models and understands the errors', async () => {
  const upstream = await startUpstream(({ response }) => void response.end('{}'))
  const openai = await connectThrough(upstream.url)
  expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(['w'])
  const unknown = openai.chat.completions.create({ model: 'x', messages })
  await expect(unknown).rejects.toMatchObject({ status: 404, code: 'model_not_found', param: 'model' })
  const stranger = await connectThrough(upstream.url, 'nvapi-test-stranger')
  await expect(stranger.models.list()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' })
})
