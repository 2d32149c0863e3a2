import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Attributes } from './attributes.ts'
import { describeEscalation, missingRights } from './escalation.ts'
import { allows } from './rules.ts'
import type { PolicyRule } from './rules.ts'

function rule(fields: Partial<PolicyRule>): PolicyRule {
  return { verbs: ['get'], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [], ...fields }
}

const HELD = [
  rule({ apiGroups: ['apps'], resources: ['deployments', 'replicasets'], verbs: ['get', 'list'] }),
  rule({ apiGroups: [''], resources: ['configmaps'], resourceNames: ['a', 'b'] }),
  rule({ apiGroups: [''], resources: ['*/scale'] }),
  rule({ nonResourceURLs: ['/apis/*'] }),
]

const BOB = { username: 'bob', groups: ['system:authenticated'] }
const REFUSED = `user "bob" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:`

test.each<[string, PolicyRule]>([
  ['a verb that is held', rule({ apiGroups: ['apps'], resources: ['deployments'] })],
  ['a name that is held', rule({ apiGroups: [''], resources: ['configmaps'], resourceNames: ['a'] })],
  ['a part of everything', rule({ apiGroups: [''], resources: ['replicationcontrollers/scale'] })],
  ['a path below one that is held', rule({ nonResourceURLs: ['/apis/apps'] })],
  ['paths below one that is held', rule({ nonResourceURLs: ['/apis/apps/*'] })],
])('%s can be granted', (_what, wanted) => {
  expect(missingRights(HELD, [wanted])).toEqual([])
})

/** As Kubernetes 1.34 writes them. */
test.each<[string, PolicyRule, string[]]>([
  [
    'verbs and resources that are not held',
    rule({ apiGroups: ['apps'], resources: ['deployments', 'statefulsets'], verbs: ['get', 'delete'] }),
    [
      '{APIGroups:["apps"], Resources:["deployments"], Verbs:["delete"]}',
      '{APIGroups:["apps"], Resources:["statefulsets"], Verbs:["get" "delete"]}',
    ],
  ],
  [
    'every name where some are held',
    rule({ apiGroups: [''], resources: ['configmaps'] }),
    ['{APIGroups:[""], Resources:["configmaps"], Verbs:["get"]}'],
  ],
  [
    'another name',
    rule({ apiGroups: [''], resources: ['configmaps'], resourceNames: ['a', 'c'] }),
    ['{APIGroups:[""], Resources:["configmaps"], ResourceNames:["c"], Verbs:["get"]}'],
  ],
  [
    'everything',
    rule({ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }),
    ['{APIGroups:["*"], Resources:["*"], Verbs:["*"]}'],
  ],
  ['a path', rule({ nonResourceURLs: ['/x'] }), ['{NonResourceURLs:["/x"], Verbs:["get"]}']],
])('%s cannot be granted', (_what, wanted, described) => {
  expect(describeEscalation(BOB, missingRights(HELD, [wanted]))).toBe([REFUSED, ...described].join('\n'))
})

// Few words, so that rules and wishes meet.
const verbs = ['get', 'list', 'impersonate']
const groups = ['', 'apps']
const resources = ['pods', 'deployments']
const parts = ['log', 'scale']
const names = ['a', 'b']
const paths = ['/apis', '/apis/apps', '/version']

const someOf = (words: readonly string[], minLength = 1): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.constantFrom(...words), { minLength, maxLength: 2 })

const onObjects: fc.Arbitrary<PolicyRule> = fc.record({
  verbs: someOf([...verbs, '*']),
  apiGroups: someOf([...groups, '*']),
  resources: someOf([...resources, 'pods/log', 'deployments/scale', '*/log', '*/scale', '*']),
  resourceNames: someOf(names, 0),
  nonResourceURLs: fc.constant([]),
})

const onPaths: fc.Arbitrary<PolicyRule> = fc.record({
  verbs: someOf(['get', 'post', '*']),
  apiGroups: fc.constant([]),
  resources: fc.constant([]),
  resourceNames: fc.constant([]),
  nonResourceURLs: someOf([...paths, '/apis/*', '/a*', '*']),
})

const rules = fc.array(fc.oneof(onObjects, onPaths), { maxLength: 3 })

const wish: fc.Arbitrary<Attributes> = fc.oneof(
  fc.record({
    kind: fc.constant('resource' as const),
    verb: fc.constantFrom(...verbs),
    group: fc.constantFrom(...groups),
    resource: fc.constantFrom(...resources),
    subresource: fc.constantFrom('', ...parts),
    namespace: fc.constant('demo'),
    name: fc.constantFrom('', ...names, 'c'),
  }),
  fc.record({
    kind: fc.constant('path' as const),
    verb: fc.constantFrom('get', 'post'),
    path: fc.constantFrom(...paths, '/abc'),
  }),
)

const mayDo = (held: readonly PolicyRule[], asked: Attributes): boolean => held.some((rule) => allows(rule, asked))

test('what may be granted allows nothing that its giver may not do', () => {
  fc.assert(
    fc.property(rules, rules, fc.array(wish, { minLength: 20, maxLength: 20 }), (held, wanted, wishes) => {
      fc.pre(missingRights(held, wanted).length === 0)
      for (const asked of wishes) if (mayDo(wanted, asked)) expect(mayDo(held, asked)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('with what was missing, it may be granted', () => {
  fc.assert(
    fc.property(rules, rules, (held, wanted) => {
      const missing = missingRights(held, wanted)
      expect(missingRights([...held, ...missing], wanted)).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('a giver who may do everything may grant everything', () => {
  const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [], nonResourceURLs: ['*'] }
  fc.assert(
    fc.property(rules, (wanted) => {
      expect(missingRights([everything], wanted)).toEqual([])
    }),
  )
})
