import { expect, test } from 'vitest'
import { oldServingRuntime } from '../../testing/old-style.ts'
import { placesOf, usersOf } from './usage.ts'

const NAMES = ['nvidia-nim-secrets', 'ngc-secret']

test('every way to name a Secret is found, with its place', () => {
  expect(usersOf([oldServingRuntime('llama', 'demo')], NAMES)).toEqual([
    { kind: 'ServingRuntime', name: 'llama', secret: 'ngc-secret', path: 'spec.imagePullSecrets[0].name' },
    {
      kind: 'ServingRuntime',
      name: 'llama',
      secret: 'nvidia-nim-secrets',
      path: 'spec.containers[0].env[1].valueFrom.secretKeyRef.name',
    },
  ])
  const spec = {
    containers: [{ envFrom: [{ secretRef: { name: 'nvidia-nim-secrets' } }] }],
    volumes: [
      { secret: { secretName: 'ngc-secret' } },
      { projected: { sources: [{ secret: { name: 'nvidia-nim-secrets' } }] } },
    ],
    apiKeySecret: { name: 'nvidia-nim-secrets' },
    authSecret: 'nvidia-nim-secrets',
  }
  expect(placesOf(spec, NAMES)).toHaveLength(5)
  expect(placesOf({ name: 'ngc-secret-2', key: 'nvidia-nim' }, NAMES)).toEqual([])
})

test('what a ServiceAccount names beside its spec is found, what metadata and status say is not', () => {
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', annotations: { note: 'ngc-secret' } },
    imagePullSecrets: [{ name: 'ngc-secret' }],
    status: { seen: 'ngc-secret' },
  }
  expect(usersOf([account], NAMES).map(({ path }) => path)).toEqual(['imagePullSecrets[0].name'])
})

test.each([
  { what: 'runs', metadata: {}, status: { phase: 'Running' }, uses: true },
  { what: 'has not begun', metadata: {}, status: {}, uses: true },
  { what: 'has ended', metadata: {}, status: { phase: 'Failed' }, uses: false },
  { what: 'is ending', metadata: { deletionTimestamp: 'now' }, status: { phase: 'Running' }, uses: false },
])('a pod that $what counts: $uses', ({ metadata, status, uses }) => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', ...metadata },
    spec: { imagePullSecrets: [{ name: 'ngc-secret' }] },
    status,
  }
  expect(usersOf([pod], NAMES)).toHaveLength(uses ? 1 : 0)
})
