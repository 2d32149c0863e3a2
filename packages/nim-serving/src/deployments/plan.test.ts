import { SecretText } from '@nexus/core'
import { expect, test } from 'vitest'
import { shippedTemplate, TEST_KEY, testInput } from '../testing/inputs.ts'
import type { DeployRequest } from './request.ts'
import type { NIMResources } from '../types.ts'
import type { Existing } from './existing.ts'
import { planDeploy } from './plan.ts'
import { assembleNIMInferenceService, assembleNIMServingRuntime } from './resources.ts'
import { assembleNIMPVC, assembleNIMSecrets } from './secrets.ts'

function desiredOf(changes: Partial<DeployRequest> = {}): NIMResources {
  const input = testInput(changes)
  return {
    ...assembleNIMSecrets(input, { key: new SecretText(TEST_KEY), setBy: 'ada' }),
    pvc: assembleNIMPVC(input),
    runtime: assembleNIMServingRuntime(input, shippedTemplate()),
    isvc: assembleNIMInferenceService(input),
    tokenAuth: [],
  }
}

/** Everything in place, owned as it should be. */
function complete(): Existing {
  const { apiKeySecret, pullSecret, pvc, runtime, isvc } = desiredOf()
  const owner = { apiVersion: isvc.apiVersion, kind: isvc.kind, name: 'llama', uid: 'isvc-1' }
  const secret = (metadata: typeof apiKeySecret.metadata): Existing['apiKeySecret'] => ({
    metadata: { ...metadata, ownerReferences: [owner] },
    keyHint: 'abcd',
  })
  return {
    namespace: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } },
    apiKeySecret: secret(apiKeySecret.metadata),
    pullSecret: secret(pullSecret.metadata),
    pvc,
    runtime,
    isvc: { ...isvc, metadata: { ...isvc.metadata, uid: 'isvc-1' } },
    tokenAuth: new Set(),
  }
}

const PARTS = ['apiKeySecret', 'pullSecret', 'pvc', 'runtime', 'isvc'] as const

test('a complete deployment leaves nothing to do', () => {
  expect(planDeploy(testInput(), desiredOf(), complete())).toMatchObject({ creates: [], unowned: [] })
})

test('quantities that a server has rewritten, and what a controller has added, are no difference', () => {
  const existing = complete()
  const predictor = existing.isvc?.spec.predictor
  if (predictor?.model !== undefined) {
    predictor.model.resources = {
      requests: { cpu: '1000m', memory: '4096Mi', 'nvidia.com/gpu': 1 },
      limits: { cpu: 2, memory: '8Gi', 'nvidia.com/gpu': '1' },
    }
    predictor.model.name = ''
  }
  if (existing.isvc !== undefined) existing.isvc.metadata.finalizers = ['inferenceservice.finalizers']
  expect(planDeploy(testInput(), desiredOf(), existing).creates).toEqual([])
})

// Every set of leftovers an interrupted call, or a person with kubectl, can leave.
const subsets = Array.from({ length: 2 ** PARTS.length }, (_, bits) =>
  PARTS.filter((_part, index) => (bits >> index) & 1),
)
test.each(subsets.map((missing) => ({ missing })))('creates what is missing, in order: $missing', ({ missing }) => {
  const existing: Existing = { ...complete(), ...Object.fromEntries(missing.map((part) => [part, undefined])) }
  const gone = missing.includes('isvc')
  const withoutOwner = (secret: Existing['apiKeySecret']): Existing['apiKeySecret'] =>
    secret && gone ? { ...secret, metadata: { ...secret.metadata, ownerReferences: [] } } : secret
  const plan = planDeploy(testInput(), desiredOf(), {
    ...existing,
    apiKeySecret: withoutOwner(existing.apiKeySecret),
    pullSecret: withoutOwner(existing.pullSecret),
  })
  const desired = desiredOf()
  expect(plan.creates).toEqual(PARTS.filter((part) => missing.includes(part)).map((part) => desired[part]))
  expect(plan.unowned).toHaveLength(gone ? 2 - missing.filter((part) => part.endsWith('Secret')).length : 0)
})

test('a Secret that waits for the collector is not built upon', () => {
  expect(() => planDeploy(testInput(), desiredOf(), { ...complete(), isvc: undefined })).toThrow('is being deleted')
})

test.each<{ name: string; changes: Partial<Existing>; code: string }>([
  {
    name: 'a namespace on its way out',
    changes: {
      namespace: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' }, status: { phase: 'Terminating' } },
    },
    code: 'NEXUS_DEPLOY_DELETING',
  },
  {
    name: 'a runtime that is no NIM',
    changes: { runtime: { ...desiredOf().runtime, metadata: { name: 'llama', namespace: 'demo' } } },
    code: 'NEXUS_DEPLOY_NAME_TAKEN',
  },
  {
    name: 'a Secret of nobody knows which key',
    changes: { apiKeySecret: { metadata: { name: 'nim-api-key-llama' }, keyHint: undefined } },
    code: 'NEXUS_DEPLOY_DIFFERS',
  },
  {
    name: 'a lost volume',
    changes: { isvc: undefined, apiKeySecret: undefined, pullSecret: undefined, pvc: lostPVC() },
    code: 'NEXUS_DEPLOY_PVC_INCOMPATIBLE',
  },
])('refuses to build on $name', ({ changes, code }) => {
  expect(() => planDeploy(testInput(), desiredOf(), { ...complete(), ...changes })).toThrow(
    expect.objectContaining({ code }),
  )
})

test('several replicas do not share a volume that one node mounts', () => {
  const existing = {
    ...complete(),
    isvc: undefined,
    runtime: undefined,
    apiKeySecret: undefined,
    pullSecret: undefined,
  }
  const wanted = { replicas: 2 }
  expect(() => planDeploy(testInput(wanted), desiredOf(wanted), existing)).toThrow('access mode is ReadWriteOnce')
})

function lostPVC(): Existing['pvc'] {
  const { pvc } = desiredOf()
  return pvc && { ...pvc, status: { phase: 'Lost' } }
}
