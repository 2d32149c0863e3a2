import { afterAll, beforeAll, expect, test } from 'vitest'
import { fieldAt, stringAt } from './objects/fields.ts'
import { startTestServer } from './testing/test-server.ts'
import type { Answer, TestServer } from './testing/test-server.ts'

let api: TestServer

beforeAll(async () => {
  api = await startTestServer()
})
afterAll(() => api[Symbol.asyncDispose]())

const MAPS = '/api/v1/namespaces/default/configmaps'
const STRAY = '{"metadata":{"name":"stray","foo":1},"data":{"a":"b","a":"c"},"spec":{"x":1}}'
const STRICT = 'strict decoding error: duplicate field "data.a", unknown field "metadata.foo", unknown field "spec"'

function create(query: string, body: unknown = STRAY): Promise<Answer> {
  return api.ask('POST', `${MAPS}?dryRun=All&${query}`, { body })
}

test('strict validation refuses fields that do not belong into a body', async () => {
  const answer = await create('fieldValidation=Strict')
  expect(answer.status).toBe(400)
  const prefix = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: '
  expect(stringAt(answer.body, 'message')).toBe(prefix + STRICT)
})

test('without strict validation they are dropped, with a warning each', async () => {
  const warned = await create('')
  expect(warned.status).toBe(201)
  expect(fieldAt(warned.body, 'spec')).toBeUndefined()
  expect(fieldAt(warned.body, 'data')).toEqual({ a: 'c' })
  expect(warned.headers['warning']).toBe(
    String.raw`299 - "duplicate field \"data.a\"", 299 - "unknown field \"metadata.foo\"", 299 - "unknown field \"spec\""`,
  )
  const ignored = await create('fieldValidation=Ignore')
  expect(ignored.body).toMatchObject({ data: { a: 'c' } })
  expect(ignored.headers['warning']).toBeUndefined()
})

test('a validation that nobody knows is refused', async () => {
  const answer = await create('fieldValidation=Hard')
  expect(answer.status).toBe(422)
  expect(stringAt(answer.body, 'message')).toBe(
    'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Hard": supported values: "", "Ignore", "Strict", "Warn"',
  )
})

test('strict validation looks at what a patch makes', async () => {
  await api.ask('POST', MAPS, { body: { metadata: { name: 'patched' } } })
  const type = 'application/strategic-merge-patch+json'
  const ask = (query: string): Promise<Answer> => {
    return api.ask('PATCH', `${MAPS}/patched${query}`, { type, body: { spec: { x: 1 }, metadata: { foo: 1 } } })
  }
  const refused = await ask('?fieldValidation=Strict')
  expect(refused.status).toBe(422)
  expect(fieldAt(refused.body, 'details', 'causes')).toEqual([
    {
      reason: 'FieldValueInvalid',
      message:
        'Invalid value: "map[metadata:map[foo:1] spec:map[x:1]]": strict decoding error: unknown field "metadata.foo", unknown field "spec"',
      field: 'patch',
    },
  ])
  expect((await ask('')).headers['warning']).toContain('unknown field')
})

test('a warning may be in any language', async () => {
  const { headers } = await create('', { metadata: { name: 'a' }, grün世: 1 })
  expect(Buffer.from(headers['warning'] ?? '', 'latin1').toString()).toBe(String.raw`299 - "unknown field \"grün世\""`)
})

test('a patch to another type is refused as a conversion', async () => {
  await api.ask('POST', MAPS, { body: { metadata: { name: 'typed' } } })
  const refuse = async (type: string, body: object): Promise<string | undefined> => {
    const answer = await api.ask('PATCH', `${MAPS}/typed`, { type, body })
    expect(answer.status).toBe(422)
    return stringAt(answer.body, 'message')
  }
  const strategic = 'application/strategic-merge-patch+json'
  const prefix = ' "" is invalid: patch: Invalid value: '
  expect(await refuse(strategic, { data: { a: 1 } })).toBe(
    `${prefix}"map[data:map[a:1]]": cannot convert int64 to string`,
  )
  expect(await refuse(strategic, { metadata: { labels: 5 } })).toBe(
    `${prefix}"map[metadata:map[labels:5]]": cannot restore map from int64`,
  )
  expect(await refuse('application/merge-patch+json', { data: { a: 1 } })).toContain(
    'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
  )
})
