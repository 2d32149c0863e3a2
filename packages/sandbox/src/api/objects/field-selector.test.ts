import { expect, test } from 'vitest'
import type { ApiObject } from '../object.ts'
import { ResourceRegistry } from '../resources/registry.ts'
import { StatusError } from '../status.ts'
import { parseFieldSelector } from './field-selector.ts'

const POD: ApiObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'llama', namespace: 'demo' },
  status: { phase: 'Running' },
}

function parse(selector: string): (object: ApiObject) => boolean {
  const pods = new ResourceRegistry().find('', 'v1', 'pods')
  if (!pods) throw new Error('pods are not served')
  return parseFieldSelector(selector, pods)
}

test.each([
  ['', true],
  ['metadata.name=llama', true],
  [' metadata.name == llama , status.phase != Failed ', true],
  ['metadata.name=llama,status.phase=Failed', false],
  ['spec.hostNetwork=false', true],
  ['status.podIP=', true],
])('%j matches: %s', (selector, matches) => {
  expect(parse(selector)(POD)).toBe(matches)
})

test.each(['metadata.name', '=llama', 'spec.color=red', ','])('%j is not a selector', (selector) => {
  expect(() => parse(selector)).toThrow(StatusError)
})

test('a long run of spaces is refused in no time', () => {
  expect(() => parse(' '.repeat(15_000))).not.toThrow()
  expect(() => parse(`a${' '.repeat(15_000)}b`)).toThrow(StatusError)
})
