import { ANSWER, collect, textOf, user, WEATHER, weather } from './flow.ts'
import type { Flow } from './flow.ts'
import { clientOf, MODEL } from './target.ts'

const chat = { model: MODEL, messages: [user] }
const tool = { type: 'function' as const, function: { name: 'weather', parameters: weather } }
const flatTool = { type: 'function' as const, strict: true, name: 'weather', parameters: weather }

/** Chats: plain, streamed, with usage, tools and structured output. */
export const CHAT_FLOWS: readonly Flow[] = [
  {
    name: 'a plain chat',
    run: async (target) => {
      const { choices, usage, model } = await clientOf(target).openai.chat.completions.create(chat)
      return { text: choices[0]?.message.content, finish: choices[0]?.finish_reason, usage, model }
    },
    verdict: {
      text: ANSWER,
      finish: 'stop',
      usage: { prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 },
      model: MODEL,
    },
  },
  {
    name: 'a streamed chat says no usage unless asked',
    run: async (target) => {
      const chunks = await collect(await clientOf(target).openai.chat.completions.create({ ...chat, stream: true }))
      const finish = chunks.at(-1)?.choices[0]?.finish_reason
      return { text: textOf(chunks), finish, chunks: chunks.length, usage: chunks.some((chunk) => 'usage' in chunk) }
    },
    verdict: { text: ANSWER, finish: 'stop', chunks: 6, usage: false },
  },
  {
    name: 'a streamed chat with usage',
    run: async (target) => {
      const options = { stream: true, stream_options: { include_usage: true } } as const
      const chunks = await collect(await clientOf(target).openai.chat.completions.create({ ...chat, ...options }))
      const before = chunks.slice(0, -1).map(({ usage }) => usage)
      return { text: textOf(chunks), before, last: chunks.at(-1)?.choices, usage: chunks.at(-1)?.usage }
    },
    verdict: {
      text: ANSWER,
      before: [null, null, null, null, null, null],
      last: [],
      usage: { prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 },
    },
  },
  {
    name: 'a token limit',
    run: async (target) => {
      const limited = { ...chat, max_completion_tokens: 2 }
      const { choices } = await clientOf(target).openai.chat.completions.create(limited)
      return { text: choices[0]?.message.content, finish: choices[0]?.finish_reason }
    },
    verdict: { text: 'mock response:', finish: 'length' },
  },
  {
    name: 'the call of a tool',
    run: async (target) => {
      const { choices } = await clientOf(target).openai.chat.completions.create({ ...chat, tools: [tool] })
      return { finish: choices[0]?.finish_reason, calls: choices[0]?.message.tool_calls }
    },
    verdict: {
      finish: 'tool_calls',
      calls: [
        {
          id: 'call_mock_weather',
          type: 'function',
          function: { name: 'weather', arguments: JSON.stringify(WEATHER) },
        },
      ],
    },
  },
  {
    name: 'the streamed call of a tool',
    run: async (target) => {
      const stream = clientOf(target).openai.chat.completions.stream({ ...chat, tools: [tool] })
      const [call] = (await stream.finalMessage()).tool_calls ?? []
      const args: unknown = call?.type === 'function' ? JSON.parse(call.function.arguments) : undefined
      return { id: call?.id, args }
    },
    verdict: { id: 'call_mock_weather', args: WEATHER },
  },
  {
    name: 'tools that the client runs until there is an answer',
    run: async (target) => {
      const asked: unknown[] = []
      const runner = clientOf(target).openai.chat.completions.runTools({
        ...chat,
        tools: [
          {
            type: 'function',
            function: {
              name: 'weather',
              description: 'the weather',
              parameters: weather,
              parse: (text: string): unknown => JSON.parse(text),
              function: (args: unknown) => {
                asked.push(args)
                return 'rain'
              },
            },
          },
        ],
      })
      return { answer: await runner.finalContent(), asked }
    },
    verdict: { answer: ANSWER, asked: [WEATHER] },
  },
  {
    name: 'structured output',
    run: async (target) => {
      const format = { type: 'json_schema' as const, json_schema: { name: 'weather', strict: true, schema: weather } }
      const { choices } = await clientOf(target).openai.chat.completions.create({ ...chat, response_format: format })
      return parse(choices[0]?.message.content)
    },
    verdict: WEATHER,
  },
  {
    name: 'JSON mode',
    run: async (target) => {
      const format = { type: 'json_object' as const }
      const { choices } = await clientOf(target).openai.chat.completions.create({ ...chat, response_format: format })
      return parse(choices[0]?.message.content)
    },
    verdict: { response: ANSWER },
  },
]

/** The other routes. */
export const ROUTE_FLOWS: readonly Flow[] = [
  {
    name: 'the list of models and one of them',
    run: async (target) => {
      const { openai } = clientOf(target)
      const list = await collect(openai.models.list())
      const { id, object } = await openai.models.retrieve(MODEL)
      return { list: list.map((model) => model.id), one: { id, object } }
    },
    verdict: { list: [MODEL], one: { id: MODEL, object: 'model' } },
  },
  {
    name: 'a completion, plain and streamed with usage',
    run: async (target) => {
      const { openai } = clientOf(target)
      const body = { model: MODEL, prompt: 'hello there' }
      const plain = await openai.completions.create(body)
      const options = { stream: true, stream_options: { include_usage: true } } as const
      const chunks = await collect(await openai.completions.create({ ...body, ...options }))
      const streamed = chunks.map(({ choices }) => choices[0]?.text ?? '').join('')
      return { plain: plain.choices[0]?.text, streamed, total: chunks.at(-1)?.usage?.total_tokens }
    },
    verdict: { plain: ANSWER, streamed: ANSWER, total: 6 },
  },
  {
    name: 'embeddings as numbers and as the base64 that the client asks for by itself',
    run: async (target) => {
      const { openai } = clientOf(target)
      const body = { model: MODEL, input: ['one', 'two'], dimensions: 8 }
      const decoded = await openai.embeddings.create(body)
      const floats = await openai.embeddings.create({ ...body, encoding_format: 'float' })
      const same = JSON.stringify(decoded.data) === JSON.stringify(floats.data)
      return { lengths: floats.data.map(({ embedding }) => embedding.length), same, usage: floats.usage }
    },
    verdict: { lengths: [8, 8], same: true, usage: { prompt_tokens: 2, total_tokens: 2 } },
  },
  {
    name: 'a response',
    run: async (target) => {
      const response = await clientOf(target).openai.responses.create({ model: MODEL, input: 'hello there' })
      return { text: response.output_text, status: response.status, total: response.usage?.total_tokens }
    },
    verdict: { text: ANSWER, status: 'completed', total: 6 },
  },
  {
    name: 'a streamed response',
    run: async (target) => {
      const body = { model: MODEL, input: 'hello there', stream: true } as const
      const events = await collect(await clientOf(target).openai.responses.create(body))
      const text = events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('')
      const inOrder = events.every((event, index) => event.sequence_number === index)
      return { text, inOrder, first: events[0]?.type, last: events.at(-1)?.type }
    },
    verdict: { text: ANSWER, inOrder: true, first: 'response.created', last: 'response.completed' },
  },
  {
    name: 'a response that calls a tool, streamed, and one that fits a schema',
    run: async (target) => {
      const { openai } = clientOf(target)
      const called = await openai.responses.stream({ model: MODEL, input: 'x', tools: [flatTool] }).finalResponse()
      const format = { type: 'json_schema' as const, name: 'weather', strict: true, schema: weather }
      const fitted = await openai.responses.create({ model: MODEL, input: 'x', text: { format } })
      const call = called.output[0]
      return { args: call?.type === 'function_call' && parse(call.arguments), fitted: parse(fitted.output_text) }
    },
    verdict: { args: WEATHER, fitted: WEATHER },
  },
  {
    name: 'rerank and ranking, which the client has no method for',
    run: async (target) => {
      const { openai } = clientOf(target)
      const [query, texts] = ['blue sky', ['green grass', 'the sky is blue']]
      const rerank: unknown = await openai.post('/rerank', {
        body: { model: MODEL, query, documents: texts, top_n: 1 },
      })
      const passages = texts.map((text) => ({ text }))
      const body = { model: MODEL, query: { text: query }, passages }
      const ranking: unknown = await openai.post('/ranking', { body })
      return { results: field(rerank, 'results'), rankings: field(ranking, 'rankings') }
    },
    verdict: {
      results: [{ index: 1, relevance_score: 1 }],
      rankings: [
        { index: 1, logit: 5 },
        { index: 0, logit: -5 },
      ],
    },
  },
]

function parse(text: string | null | undefined): unknown {
  return JSON.parse(text ?? 'null')
}

function field(value: unknown, name: string): unknown {
  return Object.entries(value ?? {}).find(([key]) => key === name)?.[1]
}
