import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arbitraryRequest } from '../testing/arbitrary-requests.ts'
import { shippedTemplate, testInput } from '../testing/inputs.ts'
import { modalDeployment, wizardDeployment } from '../testing/older-producers.ts'
import type { DeployInput } from '../types.ts'
import { amendNIMInferenceService, amendNIMServingRuntime } from './amend.ts'
import type { OpenedDeployment } from './deployUtils.ts'
import { extractFormData } from './extract.ts'
import { parseDeployRequest } from './request.ts'
import { assembleNIMInferenceService, assembleNIMServingRuntime } from './resources.ts'
import { assembleNIMPVC } from './secrets.ts'
import { assembleTokenAuth, tokensOf } from './token-auth.ts'

function assemble(input: DeployInput): OpenedDeployment {
  return {
    runtime: assembleNIMServingRuntime(input, shippedTemplate()),
    isvc: assembleNIMInferenceService(input),
    pvc: assembleNIMPVC(input),
    tokens: tokensOf(input, assembleTokenAuth(input)),
  }
}

const inputs = arbitraryRequest.map((request) => parseDeployRequest(request).input)

test('what is assembled from extracted inputs is what they were extracted from', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const assembled = assemble(input)
      expect(assemble(extractFormData(structuredClone(assembled)))).toEqual(assembled)
    }),
  )
})

test('inputs are read back as they were', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const read = extractFormData(structuredClone(assemble(input)))
      const size = input.storage.mode === 'new' ? { size: input.storage.size ?? '50Gi' } : {}
      const tokens = input.tokens.toSorted()
      expect(read).toEqual({ ...input, tokens, storage: { ...input.storage, ...size } })
    }),
  )
})

const producers = [
  { who: 'the legacy modal', objects: modalDeployment({ name: 'llama', project: 'demo', runtimeName: 'nim-1-llama' }) },
  { who: 'the first wizard', objects: wizardDeployment({ name: 'llama', project: 'demo', pvcName: 'my-pvc' }) },
]

describe.each(producers)('a deployment of $who', ({ objects }) => {
  test('is not changed by writing what was read from it', () => {
    const read = extractFormData(objects)
    expect(amendNIMInferenceService(objects.isvc, read, read)).toEqual(objects.isvc)
    expect(amendNIMServingRuntime(objects.runtime, read, read)).toEqual(objects.runtime)
  })

  test('has the inputs that an edit wrote, and keeps the Secrets, the volume and the runtime that it had', () => {
    fc.assert(
      fc.property(inputs, (other) => {
        const read = extractFormData(objects)
        const { model, names, name, project } = read
        const wanted: DeployInput = { ...other, model, names, name, project, tokens: [], hardwareProfile: undefined }
        const isvc = amendNIMInferenceService(objects.isvc, read, wanted)
        const runtime = amendNIMServingRuntime(objects.runtime, read, wanted)
        const { storage, ...again } = extractFormData({ isvc, runtime })
        const { storage: stored, ...rest } = wanted
        expect(again).toEqual(rest)
        expect([storage.pvc, storage.subPath]).toEqual([stored.pvc, stored.subPath])
        expect(runtime.spec.volumes?.map((volume) => volume.name)).toEqual(
          objects.runtime.spec.volumes?.map((volume) => volume.name),
        )
      }),
    )
  })
})

test('older deployments are read by their own names', () => {
  const [modal, wizard] = producers.map(({ objects }) => extractFormData(objects))
  expect(modal).toMatchObject({
    names: { runtime: 'nim-1-llama', apiKeySecret: 'nvidia-nim-secrets', pullSecret: 'ngc-secret' },
    minReplicas: 1,
    maxReplicas: 2,
    strategy: 'RollingUpdate',
    auth: false,
    hardwareProfile: { name: 'one-gpu', namespace: 'redhat-ods-applications', resourceVersion: '4711' },
  })
  expect(wizard).toMatchObject({
    storage: { mode: 'existing', pvc: 'my-pvc', subPath: 'weights' },
    auth: true,
    externalRoute: true,
    model: { name: 'llama-3.1-8b-instruct', namespace: 'nim/meta' },
    tag: '1.8.4',
    registry: 'nvcr.io',
  })
})

test.each([
  { image: 'nvcr.io/nim/meta/llama:1.8.4', parts: ['nvcr.io', 'nim/meta', 'llama', '1.8.4'] },
  { image: 'mirror:5000/cache/nim/meta/llama:2', parts: ['mirror:5000/cache', 'nim/meta', 'llama', '2'] },
  { image: 'mirror:5000/own/llama', parts: ['mirror:5000', 'own', 'llama', ''] },
  { image: 'nvcr.io/nim/meta/llama@sha256:0123', parts: ['nvcr.io', 'nim/meta', 'llama', ''] },
])('the image $image is taken apart', ({ image, parts }) => {
  const { isvc, runtime } = assemble(testInput())
  const containers = runtime.spec.containers.map((container) => ({ ...container, image }))
  const read = extractFormData({ isvc, runtime: { ...runtime, spec: { ...runtime.spec, containers } } })
  expect([read.registry, read.model.namespace, read.model.name, read.tag]).toEqual(parts)
})
