import { expect, test } from 'vitest'
import { parseCatalog } from './parse.ts'
import { modelOf } from './testing/models.ts'

const llama = modelOf()

/** The catalog with one good entry and one more. */
function parseWith(key: string, value: string) {
  return parseCatalog({ data: { [llama.name]: JSON.stringify(llama), [key]: value } })
}

test('entries are models, sorted by name', () => {
  const gemma = modelOf({ name: 'gemma-2b', namespace: 'nim/google' })
  const data = { [llama.name]: JSON.stringify(llama), [gemma.name]: JSON.stringify(gemma) }
  expect(parseCatalog({ data })).toEqual({ models: [gemma, llama], problems: [] })
})

test('what an older catalog lacks has a default, and what a newer one adds is dropped', () => {
  const value = { name: 'gemma-2b', namespace: 'nim/google', tags: ['1.0'], latestTag: '1.0', logo: 'data:…' }
  expect(parseCatalog({ data: { 'gemma-2b': JSON.stringify(value) } }).models).toEqual([
    {
      name: 'gemma-2b',
      displayName: 'gemma-2b',
      shortDescription: '',
      namespace: 'nim/google',
      tags: ['1.0'],
      latestTag: '1.0',
      updatedDate: '',
      euRestricted: false,
    },
  ])
})

test.each([
  { what: 'no JSON', value: '{"name":', problem: 'not valid JSON' },
  { what: 'no object', value: '[]', problem: 'expected object' },
  { what: 'no tags', value: JSON.stringify({ ...llama, name: 'bad', tags: [] }), problem: 'tags' },
  { what: 'a tag that is none', value: JSON.stringify({ ...llama, name: 'bad', tags: ['1 0'] }), problem: 'tags[0]' },
  {
    what: 'a latest tag it lacks',
    value: JSON.stringify({ ...llama, name: 'bad', latestTag: '9' }),
    problem: 'latestTag',
  },
  { what: 'a path as name', value: JSON.stringify({ ...llama, name: 'meta/bad' }), problem: 'name' },
  {
    what: 'a namespace that leaves',
    value: JSON.stringify({ ...llama, name: 'bad', namespace: '../x' }),
    problem: 'namespace',
  },
  { what: 'another name than its key', value: JSON.stringify(llama), problem: 'which is not its key' },
])('an entry with $what is passed over and named', ({ value, problem }) => {
  const { models, problems } = parseWith('bad', value)
  expect(models).toEqual([llama])
  expect(problems.map(({ key }) => key)).toEqual(['bad'])
  expect(problems[0]?.message).toContain(problem)
  expect(problems[0]?.message).not.toContain('\n')
})

test('a ConfigMap without data is an empty catalog', () => {
  expect(parseCatalog({})).toEqual({ models: [], problems: [] })
})
