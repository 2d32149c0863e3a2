import { expect, test } from 'vitest'
import { StatusError } from '../status.ts'
import { parseLabelSelector } from './labels.ts'

const LABELS = { app: 'llama', tier: 'web', 'nexus.dev/size': '8' }

test.each([
  ['', true],
  ['app=llama', true],
  ['app==llama,tier=web', true],
  ['app=other', false],
  ['app!=other', true],
  ['missing!=x', true],
  ['app', true],
  ['missing', false],
  ['!missing', true],
  ['!app', false],
  ['app in (llama, gemma)', true],
  ['app notin (llama),tier', false],
  ['missing notin (a)', true],
  ['missing in (a)', false],
  ['nexus.dev/size>7', true],
  ['nexus.dev/size<8', false],
  ['app>1', false],
])('%s matches: %s', (selector, matches) => {
  expect(parseLabelSelector(selector)(LABELS)).toBe(matches)
})

test('an object without labels matches what asks for absence only', () => {
  expect(parseLabelSelector('!app')(undefined)).toBe(true)
  expect(parseLabelSelector('app')(undefined)).toBe(false)
})

test.each(['a,,b', '=x', 'a in x', 'a b', 'a=b=c', ','])('%j is not a selector', (selector) => {
  expect(() => parseLabelSelector(selector)).toThrow(StatusError)
})
