import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { shippedTemplate, testInput } from '../testing/inputs.ts'
import { assembleNIMInferenceService, assembleNIMServingRuntime } from './resources.ts'

const cases = [
  { name: 'defaults', request: {} },
  {
    name: 'everything',
    request: {
      displayName: 'Llama for tests',
      description: 'Answers questions.',
      replicas: 2,
      gpus: 4,
      registry: 'mirror.example:5000/nvidia',
      resources: { requests: { cpu: '8', memory: '64Gi' }, limits: { cpu: '16', memory: '128Gi' } },
      env: [{ name: 'NIM_LOG_LEVEL', value: 'INFO' }],
      args: ['--verbose'],
      strategy: 'Recreate' as const,
    },
  },
  { name: 'existing-pvc', request: { storage: { mode: 'existing' as const, pvc: 'my.models', subPath: '/llama/' } } },
  { name: 'no-gpu', request: { gpus: 0 } },
]

test.each(cases)('assembles the ServingRuntime: $name', async ({ name, request }) => {
  const yaml = stringify(assembleNIMServingRuntime(testInput(request), shippedTemplate()))
  await expect(yaml).toMatchFileSnapshot(`testdata/serving-runtime/${name}.yaml`)
})

test.each(cases)('assembles the InferenceService: $name', async ({ name, request }) => {
  const yaml = stringify(assembleNIMInferenceService(testInput(request)))
  await expect(yaml).toMatchFileSnapshot(`testdata/inference-service/${name}.yaml`)
})

describe('the template', () => {
  test('is not changed by an assembly, nor by a change of its result', () => {
    const template = shippedTemplate()
    const runtime = assembleNIMServingRuntime(testInput(), template)
    runtime.spec.containers[0]?.volumeMounts?.pop()
    runtime.spec.volumes?.pop()
    expect(template).toEqual(shippedTemplate())
  })

  test('wins with its own probes', () => {
    const template = shippedTemplate()
    const startupProbe = { tcpSocket: { port: 8000 }, failureThreshold: 7 }
    template.spec.containers = template.spec.containers.map((container) => ({ ...container, startupProbe }))
    expect(assembleNIMServingRuntime(testInput(), template).spec.containers[0]?.startupProbe).toEqual(startupProbe)
  })

  test('gets the shared memory and the cache it lacks, once', () => {
    const template = shippedTemplate()
    template.spec.volumes = []
    template.spec.containers = [{ name: 'kserve-container', image: '' }]
    const { containers, volumes } = assembleNIMServingRuntime(testInput(), template).spec
    expect(volumes?.map(({ name }) => name)).toEqual(['nim-pvc', 'shm'])
    expect(containers[0]?.volumeMounts).toEqual([
      { name: 'shm', mountPath: '/dev/shm' },
      { name: 'nim-pvc', mountPath: '/mnt/models/cache' },
    ])
  })

  test('loses the sizes of its model server and keeps its sidecars', () => {
    const template = shippedTemplate()
    const resources = { limits: { 'nvidia.com/gpu': 2 } }
    template.spec.containers = [
      { name: 'proxy', image: 'proxy:1', resources },
      { name: 'kserve-container', image: '', resources },
    ]
    const [proxy, server] = assembleNIMServingRuntime(testInput(), template).spec.containers
    expect(proxy).toEqual({ name: 'proxy', image: 'proxy:1', resources })
    expect(server).not.toHaveProperty('resources')
  })
})

test('an InferenceService names the one format of its runtime, and no storage that would cover the weights', () => {
  const runtime = assembleNIMServingRuntime(testInput(), shippedTemplate())
  const { model } = assembleNIMInferenceService(testInput()).spec.predictor
  expect(runtime.spec.supportedModelFormats).toHaveLength(1)
  expect(model?.modelFormat.name).toBe(runtime.spec.supportedModelFormats?.[0]?.name)
  expect(model?.runtime).toBe(runtime.metadata.name)
  expect(model).not.toHaveProperty('storageUri')
})
