import { expect, test } from 'vitest'
import { capacityOf, gpuLabels, subnetOf } from './node-spec.ts'

test('a node has eight GPUs unless it says otherwise', () => {
  expect(capacityOf({ name: 'a' })).toMatchObject({ 'nvidia.com/gpu': '8' })
  expect(capacityOf({ name: 'a', gpus: 2 })).toMatchObject({ 'nvidia.com/gpu': '2' })
})

test('a node without GPUs does not offer the resource, and loses the labels it had', () => {
  expect(capacityOf({ name: 'a', gpus: 0 })).not.toHaveProperty(['nvidia.com/gpu'])
  expect(Object.values(gpuLabels({ name: 'a', gpus: 0, gpuProduct: 'NVIDIA-H100-80GB-HBM3' }))).toEqual([
    null,
    null,
    null,
    null,
  ])
})

test('the labels of a GPU node are those of GPU feature discovery', () => {
  expect(gpuLabels({ name: 'a', gpus: 4, gpuProduct: 'NVIDIA-H100-80GB-HBM3', gpuMemoryMiB: 81_559 })).toEqual({
    'nvidia.com/gpu.present': 'true',
    'nvidia.com/gpu.count': '4',
    'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3',
    'nvidia.com/gpu.memory': '81559',
  })
})

test.each([
  ['nexus-node-0', 0],
  ['nexus-node-12', 12],
  ['machine', 0],
  ['rack-999', 231],
])('the pods of %s are in subnet %i', (name, subnet) => {
  expect(subnetOf({ name })).toBe(subnet)
})
