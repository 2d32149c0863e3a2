import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { applyDefaults } from './defaults.ts'
import { canonicalQuantity } from './defaults/quantity.ts'

const ObjectShape = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})

/** What Kubernetes 1.34 stored of what it was sent, less what its admission and its controllers added. */
const recorded = z
  .array(z.object({ name: z.string(), sent: ObjectShape, stored: z.unknown() }))
  .parse(JSON.parse(readFileSync(new URL('testdata/defaults.json', import.meta.url), 'utf8')))

test.each(recorded)('completes $name as the real server does', ({ sent, stored }) => {
  applyDefaults(sent)
  expect(sent).toEqual(stored)
})

test.each(recorded)('leaves a completed $name as it is', ({ sent }) => {
  applyDefaults(sent)
  const once = structuredClone(sent)
  applyDefaults(sent)
  expect(sent).toEqual(once)
})

test.each([
  { written: '1000m', stored: '1' },
  { written: '0.5', stored: '500m' },
  { written: 0.1, stored: '100m' },
  { written: 2, stored: '2' },
  { written: '1500m', stored: '1500m' },
  { written: '1024Mi', stored: '1Gi' },
  { written: '1.5Gi', stored: '1536Mi' },
  { written: '0', stored: '0' },
  { written: '1000', stored: '1k' },
  { written: '+5', stored: '5' },
  { written: '-1000m', stored: '-1' },
  { written: '0Gi', stored: '0' },
  { written: '500Ki', stored: '500Ki' },
  { written: '1000Ki', stored: '1000Ki' },
  { written: 'much', stored: 'much' },
])('the quantity $written is stored as $stored', ({ written, stored }) => {
  expect(canonicalQuantity(written)).toBe(stored)
})

test('a custom resource keeps its nulls and empty parts outside its metadata', () => {
  const custom = {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name: 'i', labels: {} },
    spec: { predictor: { model: null, env: [] } },
  }
  applyDefaults(custom)
  expect(custom).toEqual({ ...custom, metadata: { name: 'i' }, spec: { predictor: { model: null, env: [] } } })
})
