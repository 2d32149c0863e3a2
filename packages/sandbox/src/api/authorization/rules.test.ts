import { expect, test } from 'vitest'
import type { Attributes, ResourceAttributes } from './attributes.ts'
import { allows, parseRules } from './rules.ts'
import type { PolicyRule } from './rules.ts'

function rule(fields: object): PolicyRule {
  const [first] = parseRules({ apiVersion: 'v1', kind: 'Role', metadata: { name: 'r' }, rules: [fields] })
  if (!first) throw new Error('no rule')
  return first
}

function wish(fields: Partial<ResourceAttributes>): Attributes {
  const plain = { verb: 'get', group: '', resource: 'pods', subresource: '', namespace: 'demo', name: 'llama' }
  return { kind: 'resource', ...plain, ...fields }
}

const PODS = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }

test.each<[string, object, Attributes, boolean]>([
  ['what it names', PODS, wish({}), true],
  ['another verb', PODS, wish({ verb: 'delete' }), false],
  ['another group', PODS, wish({ group: 'apps' }), false],
  ['a part of what it names', PODS, wish({ subresource: 'log' }), false],
  ['a part that it names', { ...PODS, resources: ['pods/log'] }, wish({ subresource: 'log' }), true],
  ['the whole of a part that it names', { ...PODS, resources: ['pods/log'] }, wish({}), false],
  ['that part of everything', { ...PODS, resources: ['*/log'] }, wish({ subresource: 'log' }), true],
  ['another part of everything', { ...PODS, resources: ['*/log'] }, wish({ subresource: 'exec' }), false],
  ['every resource', { ...PODS, resources: ['*'] }, wish({ subresource: 'log' }), true],
  ['every group', { ...PODS, apiGroups: ['*'] }, wish({ group: 'serving.kserve.io' }), true],
  ['every verb', { ...PODS, verbs: ['*'] }, wish({ verb: 'portforward' }), true],
  ['the name it gives', { ...PODS, resourceNames: ['llama'] }, wish({}), true],
  ['another name', { ...PODS, resourceNames: ['phi'] }, wish({}), false],
  ['a list without a name', { ...PODS, resourceNames: ['llama'] }, wish({ verb: 'list', name: '' }), false],
  ['a path', PODS, { kind: 'path', verb: 'get', path: '/version' }, false],
])('a rule decides about %s', (_what, fields, attributes, allowed) => {
  expect(allows(rule(fields), attributes)).toBe(allowed)
})

test.each<[string, string, boolean]>([
  ['/version', '/version', true],
  ['/version', '/version/', false],
  ['/apis/*', '/apis/apps/v1', true],
  ['/apis/*', '/apis', false],
  ['*', '/metrics', true],
])('a rule for %s decides about %s', (url, path, allowed) => {
  const urls = rule({ nonResourceURLs: [url], verbs: ['get'] })
  expect(allows(urls, { kind: 'path', verb: 'get', path })).toBe(allowed)
  expect(allows(urls, { kind: 'path', verb: 'post', path })).toBe(false)
})

test('what is no list of texts in a rule allows nothing', () => {
  const strange = { rules: [null, 'x', { verbs: 'get', apiGroups: [1], resources: {} }] }
  const rules = parseRules({ apiVersion: 'v1', kind: 'Role', metadata: { name: 'r' }, ...strange })
  expect(rules.some((one) => allows(one, wish({})))).toBe(false)
})
