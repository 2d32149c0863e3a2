import { expect, test } from 'vitest'
import { parseLogRequest } from './log-request.ts'

const now = new Date('2026-01-01T00:01:00.000Z')
const plain = {
  namespace: 'demo',
  pod: 'llama-0',
  container: 'main',
  follow: false,
  previous: false,
  timestamps: false,
  tailLines: undefined,
  since: undefined,
  limitBytes: undefined,
}

test.each([
  ['', plain],
  ['?follow=true&timestamps=true', { ...plain, follow: true, timestamps: true }],
  ['?previous=true&tailLines=10&limitBytes=100', { ...plain, previous: true, tailLines: 10, limitBytes: 100 }],
  ['?sinceSeconds=30', { ...plain, since: '2026-01-01T00:00:30.000Z' }],
  ['?sinceTime=2026-01-01T00:00:10Z', { ...plain, since: '2026-01-01T00:00:10.000Z' }],
  ['?tailLines=many&sinceTime=once', plain],
])('reads %j', (query, expected) => {
  expect(parseLogRequest(new URL(`https://node/containerLogs/demo/llama-0/main${query}`), now)).toEqual(expected)
})

test.each(['/pods', '/containerLogs/demo/llama-0', '/containerLogs/demo/llama-0/main/more'])('%s is no log', (path) => {
  expect(parseLogRequest(new URL(path, 'https://node'), now)).toBeUndefined()
})
