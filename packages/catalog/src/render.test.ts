import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { CatalogError } from './errors.ts'
import { parseCatalog } from './parse.ts'
import { renderCatalogConfigMap } from './render.ts'
import { modelOf } from './testing/models.ts'

const ConfigMapShape = z.object({ data: z.record(z.string(), z.string()) })

const name = fc.stringMatching(/^[a-z0-9]{1,8}([-._][a-z0-9]{1,8}){0,3}$/)
const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }))
const model = fc
  .record({ name, displayName: text, shortDescription: text, euRestricted: fc.boolean() })
  .map((fields) => modelOf(fields))

test('what is rendered is read back as the same models, whatever their texts hold', () => {
  fc.assert(
    fc.property(fc.uniqueArray(model, { selector: ({ name }) => name, maxLength: 5 }), (models) => {
      const read = parseCatalog(ConfigMapShape.parse(parse(renderCatalogConfigMap(models))))
      expect(read.problems).toEqual([])
      expect(new Set(read.models)).toEqual(new Set(models))
    }),
  )
})

test('the order of the models does not change the file', () => {
  const models = ['b', 'a-1', 'a.1', 'a'].map((name) => modelOf({ name }))
  expect(renderCatalogConfigMap(models)).toBe(renderCatalogConfigMap(models.toReversed()))
})

test('each model has a line of its own', () => {
  const yaml = renderCatalogConfigMap([
    modelOf({ shortDescription: 'two\nlines and '.repeat(50) }),
    modelOf({ name: 'b' }),
  ])
  expect(yaml.split('\n').filter((line) => line.includes('"namespace":"nim/meta"'))).toHaveLength(2)
})

test('a name used twice is refused', () => {
  expect(() => renderCatalogConfigMap([modelOf(), modelOf()])).toThrow(CatalogError)
})

test('a catalog over 1 MiB is refused', () => {
  const models = ['a', 'b'].map((name) => modelOf({ name, shortDescription: 'é'.repeat(300_000) }))
  expect(() => renderCatalogConfigMap(models.slice(1))).not.toThrow()
  expect(() => renderCatalogConfigMap(models)).toThrow('more than a ConfigMap holds')
})
