import { expect, test } from 'vitest'
import { StatusError } from '../status.ts'
import { impersonationIn } from './impersonation.ts'

function impersonated(headersDistinct: Record<string, string[]>): object | undefined {
  return impersonationIn({ headersDistinct })?.user
}

test.each([
  ['a user', { 'impersonate-user': ['bob'] }, { username: 'bob', groups: ['system:authenticated'] }],
  [
    'a user in groups, whose names may hold commas',
    { 'impersonate-user': ['bob'], 'impersonate-group': ['a,b', 'c'] },
    { username: 'bob', groups: ['a,b', 'c', 'system:authenticated'] },
  ],
  [
    'a ServiceAccount',
    { 'impersonate-user': ['system:serviceaccount:demo:robot'] },
    {
      username: 'system:serviceaccount:demo:robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:demo', 'system:authenticated'],
    },
  ],
  [
    'a ServiceAccount in a group of nobody’s',
    { 'impersonate-user': ['system:serviceaccount:demo:robot'], 'impersonate-group': ['x'] },
    { username: 'system:serviceaccount:demo:robot', groups: ['x', 'system:authenticated'] },
  ],
  [
    'nobody in particular',
    { 'impersonate-user': ['system:anonymous'] },
    { username: 'system:anonymous', groups: ['system:unauthenticated'] },
  ],
  [
    'a user with a uid and extra fields',
    { 'impersonate-user': ['bob'], 'impersonate-uid': ['u1'], 'impersonate-extra-acme.com%2fproject': ['p', 'q'] },
    { username: 'bob', uid: 'u1', groups: ['system:authenticated'], extra: { 'acme.com/project': ['p', 'q'] } },
  ],
])('%s is impersonated', (_what, headers, user) => {
  expect(impersonated(headers)).toEqual(user)
})

test('without the headers a sender is himself', () => {
  expect(impersonationIn({ headersDistinct: { 'impersonate-user': [''] } })).toBeUndefined()
})

test('each thing that is impersonated needs a right of its own', () => {
  const headers = {
    'impersonate-user': ['system:serviceaccount:demo:robot'],
    'impersonate-group': ['a'],
    'impersonate-uid': ['u1'],
    'impersonate-extra-scopes': ['view'],
  }
  expect(impersonationIn({ headersDistinct: headers })?.needs).toMatchObject([
    { resource: 'serviceaccounts', name: 'robot', namespace: 'demo' },
    { resource: 'groups', name: 'a', namespace: '' },
    { group: 'authentication.k8s.io', resource: 'userextras', subresource: 'scopes', name: 'view' },
    { group: 'authentication.k8s.io', resource: 'uids', name: 'u1' },
  ])
})

test('groups of nobody are refused', () => {
  expect(() => impersonationIn({ headersDistinct: { 'impersonate-group': ['a'] } })).toThrow(StatusError)
})
