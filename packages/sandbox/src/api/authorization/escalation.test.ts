import { expect, test } from 'vitest'
import { describeEscalation, missingRights } from './escalation.ts'
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
