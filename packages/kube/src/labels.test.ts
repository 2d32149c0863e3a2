import { expect, test } from 'vitest'
import { matchesLabels } from './labels.ts'
import type { LabelRequirement, LabelSelector } from './labels.ts'

const labels = { app: 'llama', tier: 'gpu' }

test.each<{ selector: LabelSelector | Record<string, string>; matches: boolean }>([
  { selector: {}, matches: true },
  { selector: { app: 'llama' }, matches: true },
  { selector: { app: 'llama', tier: 'cpu' }, matches: false },
  { selector: { toString: 'x' }, matches: false },
  { selector: { matchLabels: { app: 'llama' } }, matches: true },
  { selector: { matchLabels: { app: 'gemma' } }, matches: false },
  { selector: { matchLabels: 'a label of this name' }, matches: false },
])('$selector matches: $matches', ({ selector, matches }) => {
  expect(matchesLabels(selector, labels)).toBe(matches)
})

test.each<{ requirement: LabelRequirement; matches: boolean }>([
  { requirement: { key: 'app', operator: 'In', values: ['gemma', 'llama'] }, matches: true },
  { requirement: { key: 'app', operator: 'In', values: ['gemma'] }, matches: false },
  { requirement: { key: 'app', operator: 'NotIn', values: ['llama'] }, matches: false },
  { requirement: { key: 'missing', operator: 'NotIn', values: ['llama'] }, matches: true },
  { requirement: { key: 'app', operator: 'Exists' }, matches: true },
  { requirement: { key: 'missing', operator: 'Exists' }, matches: false },
  { requirement: { key: 'missing', operator: 'DoesNotExist' }, matches: true },
  { requirement: { key: 'constructor', operator: 'DoesNotExist' }, matches: true },
])('$requirement.key $requirement.operator $requirement.values matches: $matches', ({ requirement, matches }) => {
  expect(matchesLabels({ matchExpressions: [requirement] }, labels)).toBe(matches)
})

test('an object without labels matches the empty selector only', () => {
  expect(matchesLabels({}, undefined)).toBe(true)
  expect(matchesLabels({ app: 'llama' }, undefined)).toBe(false)
})
