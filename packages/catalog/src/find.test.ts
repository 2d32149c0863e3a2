import { CatalogError } from './errors.ts'
import { expect, test } from 'vitest'
import { findModel, parseModelReference, resolveTag } from './find.ts'
import { imageOf } from './model.ts'
import { modelOf } from './testing/models.ts'

const llama = modelOf()
const qwen = modelOf({ name: 'qwen3-32b', namespace: 'nim/qwen' })
const spark = modelOf({ name: 'qwen3-32b-dgx-spark', namespace: 'nim/qwen' })
const catalog = { models: [llama, qwen, spark] }

function errorOf(work: () => unknown): CatalogError {
  try {
    work()
  } catch (error) {
    if (error instanceof CatalogError) return error
  }
  throw new Error('expected a CatalogError')
}

test.each([
  'llama-3.1-8b-instruct',
  'meta/llama-3.1-8b-instruct',
  'nim/meta/llama-3.1-8b-instruct',
  'nvcr.io/nim/meta/llama-3.1-8b-instruct',
])('%s is found', (asked) => {
  expect(findModel(catalog, asked)).toBe(llama)
})

test('a name that another begins with is found exactly', () => {
  expect(findModel(catalog, 'qwen3-32b')).toBe(qwen)
})

test.each([
  { asked: 'lama-3.1-8b', hint: 'Did you mean llama-3.1-8b-instruct?' },
  { asked: 'meta/qwen3-32b', hint: 'Did you mean qwen3-32b, qwen3-32b-dgx-spark?' },
  { asked: 'zzzzzzzzzzzz', hint: 'See them all: nexus catalog list' },
])('the unknown $asked is answered with "$hint"', ({ asked, hint }) => {
  expect(errorOf(() => findModel(catalog, asked))).toMatchObject({ code: 'NEXUS_CATALOG_UNKNOWN_MODEL', hint })
})

test.each([
  { text: 'llama', model: 'llama', tag: undefined },
  { text: 'llama:1.8.4', model: 'llama', tag: '1.8.4' },
  { text: 'llama:', model: 'llama', tag: undefined },
  { text: 'host:5000/nim/meta/llama', model: 'host:5000/nim/meta/llama', tag: undefined },
  { text: 'host:5000/nim/meta/llama:latest', model: 'host:5000/nim/meta/llama', tag: 'latest' },
])('$text names model $model and tag $tag', ({ text, model, tag }) => {
  expect(parseModelReference(text)).toEqual({ model, tag })
})

test('the tag is the one asked for, as it is written, or the latest', () => {
  expect(resolveTag(llama)).toBe('1.8.4')
  expect(resolveTag(llama, '1.3')).toBe('1.3')
  expect(resolveTag(llama, '1.8.0-RTX')).toBe('1.8.0-RTX')
})

test('a tag that differs in form only is unknown, and the tags are listed', () => {
  expect(errorOf(() => resolveTag(llama, '1.3.0'))).toMatchObject({
    code: 'NEXUS_CATALOG_UNKNOWN_TAG',
    hint: 'Its tags: 1.8.4, 1.8.0-RTX, 1.3, latest.',
  })
})

test('an image is registry, namespace, name and tag', () => {
  expect(imageOf(llama, '1.8.4')).toBe('nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4')
  expect(imageOf(llama, 'latest', 'mirror.example:5000/ngc/')).toBe(
    'mirror.example:5000/ngc/nim/meta/llama-3.1-8b-instruct:latest',
  )
})
