import { applyJsonPatch } from '@nexus/kube'
import type { ServingRuntime } from '@nexus/kube'
import { describe, expect, test } from 'vitest'
import { oldServingRuntime } from '../../testing/old-style.ts'
import { keyVariablesOf, podsUseOwnSecrets, referencePatch } from './references.ts'

const own = { deployment: 'llama', apiKey: 'nim-api-key-llama', pull: 'nim-image-pull-llama' }
const ownVariable = {
  name: 'NGC_API_KEY',
  valueFrom: { secretKeyRef: { name: 'nim-api-key-llama', key: 'NGC_API_KEY' } },
}

/** An old runtime with another spec in parts. */
function runtime(changes: Partial<ServingRuntime['spec']>): ServingRuntime {
  const old = oldServingRuntime('llama', 'demo')
  return { ...old, spec: { ...old.spec, ...changes } }
}

/** What the server makes of the patch; every `test` has to hold. */
function patched(before: ServingRuntime): ServingRuntime {
  return applyJsonPatch(before, referencePatch(before, own))
}

const sharedVariable = {
  name: 'NGC_API_KEY',
  valueFrom: { secretKeyRef: { name: 'nvidia-nim-secrets', key: 'NGC_API_KEY' } },
}

describe('moving the references of a ServingRuntime', () => {
  test.each([
    { of: 'an old one', containers: [{ name: 'kserve-container', env: [{ name: 'A' }, sharedVariable] }] },
    {
      of: 'a variable in first place',
      containers: [{ name: 'kserve-container', env: [sharedVariable, { name: 'A' }] }],
    },
    {
      of: 'a sidecar in front',
      containers: [{ name: 'proxy' }, { name: 'kserve-container', env: [sharedVariable] }],
    },
    {
      of: 'several containers with a key',
      containers: [
        { name: 'kserve-container', env: [sharedVariable] },
        { name: 'refresh', env: [{ name: 'A' }, sharedVariable] },
      ],
    },
    {
      of: 'a literal key',
      containers: [{ name: 'kserve-container', env: [{ name: 'NGC_API_KEY', value: 'nvapi-x' }] }],
    },
    {
      of: 'a key under another data key',
      containers: [
        {
          name: 'kserve-container',
          env: [{ name: 'NGC_API_KEY', valueFrom: { secretKeyRef: { name: 'nvidia-nim-secrets', key: 'api_key' } } }],
        },
      ],
    },
    { of: 'a variable twice', containers: [{ name: 'kserve-container', env: [sharedVariable, sharedVariable] }] },
  ])('changes the variable and nothing beside it: $of', ({ containers }) => {
    const before = runtime({ containers })
    const { spec } = patched(before)
    const expected = containers.map((container) => ({
      ...container,
      ...('env' in container && {
        env: container.env?.map((variable) => (variable.name === 'NGC_API_KEY' ? ownVariable : variable)),
      }),
    }))
    expect(spec.containers).toEqual(expected)
    expect(referencePatch(patched(before), own)).toEqual([])
  })

  test.each([
    { of: 'the shared one', live: ['ngc-secret'], wanted: ['nim-image-pull-llama'] },
    { of: 'the shared one among others', live: ['a', 'ngc-secret', 'b'], wanted: ['a', 'nim-image-pull-llama', 'b'] },
    { of: 'the shared one twice', live: ['ngc-secret', 'a', 'ngc-secret'], wanted: ['nim-image-pull-llama', 'a'] },
    { of: 'both', live: ['nim-image-pull-llama', 'ngc-secret'], wanted: ['nim-image-pull-llama'] },
    { of: 'an early name', live: ['nvidia-nim-image-pull-llama'], wanted: ['nim-image-pull-llama'] },
    { of: 'another one only', live: ['a'], wanted: ['nim-image-pull-llama', 'a'] },
    { of: 'an empty list', live: [], wanted: ['nim-image-pull-llama'] },
    { of: 'none', live: undefined, wanted: ['nim-image-pull-llama'] },
  ])('replaces the pull Secret and keeps others in their order: $of', ({ live, wanted }) => {
    const { imagePullSecrets: _, ...rest } = oldServingRuntime('llama', 'demo').spec
    const before: ServingRuntime = {
      ...oldServingRuntime('llama', 'demo'),
      spec: { ...rest, ...(live !== undefined && { imagePullSecrets: live.map((name) => ({ name })) }) },
    }
    expect(patched(before).spec.imagePullSecrets?.map(({ name }) => name)).toEqual(wanted)
  })

  test('finishes what is half done', () => {
    expect(patched(runtime({ imagePullSecrets: [{ name: own.pull }] })).spec.containers[0]?.env?.[1]).toEqual(
      ownVariable,
    )
    const done = patched(runtime({}))
    expect(referencePatch(done, own)).toEqual([])
  })

  test('does not hold where somebody changed what it replaces', () => {
    const before = runtime({})
    const operations = referencePatch(before, own)
    const reordered = runtime({ containers: [{ name: 'kserve-container', env: [sharedVariable, { name: 'A' }] }] })
    expect(() => applyJsonPatch(reordered, operations)).toThrow()
  })

  test('does not send a literal key back', () => {
    const literal = runtime({
      containers: [{ name: 'kserve-container', env: [{ name: 'NGC_API_KEY', value: 'nvapi-test-0123456789' }] }],
    })
    expect(JSON.stringify(referencePatch(literal, own))).not.toContain('nvapi-')
  })

  test('survives variables that a server kept as null', () => {
    const before = oldServingRuntime('llama', 'demo')
    const container: unknown = { name: 'kserve-container', env: null }
    Object.assign(before.spec, { containers: [container], imagePullSecrets: null })
    expect(keyVariablesOf(before)).toEqual([])
    expect(referencePatch(before, own)).toEqual([
      { op: 'add', path: '/spec/imagePullSecrets', value: [{ name: own.pull }] },
    ])
  })
})

test('pods use the own Secrets when both references have arrived, whatever else they have', () => {
  const containers = [{ name: 'kserve-container', env: [ownVariable] }, { name: 'proxy' }]
  const imagePullSecrets = [{ name: 'other' }, { name: own.pull }]
  expect(podsUseOwnSecrets({ containers, imagePullSecrets }, own)).toBe(true)
  expect(podsUseOwnSecrets({ containers }, own)).toBe(false)
  const shared = [{ name: 'kserve-container', env: [sharedVariable] }]
  expect(podsUseOwnSecrets({ containers: shared, imagePullSecrets }, own)).toBe(false)
  expect(podsUseOwnSecrets({ containers: shared, imagePullSecrets }, own, { keySetElsewhere: true })).toBe(true)
})
