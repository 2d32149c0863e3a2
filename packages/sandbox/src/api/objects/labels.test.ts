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

test.each([
  ['a=b=c', "found '=', expected: ',' or 'end of string'"],
  ['a,,b', "found ',', expected: identifier after ','"],
  ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['a!b', "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"],
])('%j is refused with where it goes wrong', (selector, message) => {
  expect(() => parseLabelSelector(selector)).toThrow(message)
})

test('a selector of spaces is read in no time', () => {
  expect(() => parseLabelSelector(`a${' '.repeat(1_000_000)}b`)).toThrow(StatusError)
})
