import { expect, test } from 'vitest'
import { applyJsonPatch, createJsonPatch } from './json-patch.ts'
import type { InferenceService } from './kinds/serving.ts'

const before: InferenceService = {
  apiVersion: 'serving.kserve.io/v1beta1',
  kind: 'InferenceService',
  metadata: { name: 'llama', namespace: 'demo', annotations: { a: '1' } },
  spec: { predictor: { minReplicas: 1, tolerations: [{ key: 'a' }, { key: 'b' }] } },
}

test('names what changed, with keys escaped', () => {
  const after = {
    ...before,
    metadata: { ...before.metadata, annotations: { 'serving.kserve.io/stop': 'true' } },
    spec: { predictor: { ...before.spec.predictor, minReplicas: 2 } },
  }
  expect(createJsonPatch(before, after)).toEqual([
    { op: 'remove', path: '/metadata/annotations/a' },
    { op: 'add', path: '/metadata/annotations/serving.kserve.io~1stop', value: 'true' },
    { op: 'replace', path: '/spec/predictor/minReplicas', value: 2 },
  ])
})

test('replaces an array whole', () => {
  const tolerations = [{ key: 'a' }, { key: 'b', operator: 'Exists' as const }, { key: 'c' }]
  const after: InferenceService = { ...before, spec: { predictor: { ...before.spec.predictor, tolerations } } }
  expect(createJsonPatch(before, after)).toEqual([
    { op: 'replace', path: '/spec/predictor/tolerations', value: tolerations },
  ])
})

test('is empty where only the server’s own fields differ', () => {
  const after: InferenceService = {
    ...before,
    metadata: { ...before.metadata, resourceVersion: '9', uid: 'u', generation: 3, managedFields: [{}] },
    status: { url: 'http://llama' },
  }
  expect(createJsonPatch(before, after)).toEqual([])
})

test('applied, a patch gives what it was made from, and leaves its input alone', () => {
  const after = { ...before, spec: { predictor: { minReplicas: 3, tolerations: [{ key: 'c' }] } } }
  const untouched = structuredClone(before)
  expect(applyJsonPatch(before, createJsonPatch(before, after))).toEqual(after)
  expect(before).toEqual(untouched)
})

test('applied, a patch whose test does not hold is refused whole', () => {
  const operations = [{ op: 'test', path: '/spec/predictor/minReplicas', value: 7 } as const]
  expect(() => applyJsonPatch(before, operations)).toThrow(/minReplicas|7/)
})
