import { expect, test } from 'vitest'
import { expandVariables } from './expand.ts'

const variables = new Map([
  ['HOST', 'llama'],
  ['PORT', '8000'],
])

test.each([
  ['http://$(HOST):$(PORT)/v1', 'http://llama:8000/v1'],
  ['$(MISSING)', '$(MISSING)'],
  ['$$(HOST)', '$(HOST)'],
  ['$$$(HOST)', '$llama'],
  ['$HOST and ${HOST}', '$HOST and ${HOST}'],
  ['$(HOST', '$(HOST'],
  ['100%', '100%'],
])('expands %s to %s', (text, expected) => {
  expect(expandVariables(text, variables)).toBe(expected)
})
