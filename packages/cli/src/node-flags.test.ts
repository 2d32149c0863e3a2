import { expect, test } from 'vitest'
import { formatGpus, parseGpus, parseNodeCount, planNodes } from './node-flags.ts'

const H100 = 'NVIDIA-H100-80GB-HBM3'

test.each([
  ['8', [{ gpus: 8 }]],
  ['0', [{ gpus: 0 }]],
  ['4:L40S', [{ gpus: 4, product: 'NVIDIA-L40S' }]],
  [`8:${H100}, 0`, [{ gpus: 8, product: H100 }, { gpus: 0 }]],
  ['1:Some-Other-GPU', [{ gpus: 1, product: 'Some-Other-GPU' }]],
])('--gpus %s', (text, gpus) => {
  expect(parseGpus(text)).toEqual(gpus)
  expect(parseGpus(formatGpus(gpus))).toEqual(gpus)
})

test.each(['', 'many', '-1', '1.5', '65', '8:', '8:a b', '8:a:b', '8,,8'])('--gpus "%s" is refused', (text) => {
  expect(() => parseGpus(text)).toThrow(/COUNT|label/)
})

test.each(['0', '33', 'two', '1.5', ''])('--nodes "%s" is refused', (text) => {
  expect(() => parseNodeCount(text)).toThrow('from 1 to 32')
})

test('nodes have names, and the GPUs that are said for all or for each', () => {
  expect(planNodes({})).toBeUndefined()
  expect(planNodes({ nodes: 2 })).toEqual([{ name: 'nexus-node-0' }, { name: 'nexus-node-1' }])
  expect(planNodes({ nodes: 2, gpus: parseGpus('4:h100') })).toEqual([
    { name: 'nexus-node-0', gpus: 4, gpuProduct: H100, gpuMemoryMiB: 81_559 },
    { name: 'nexus-node-1', gpus: 4, gpuProduct: H100, gpuMemoryMiB: 81_559 },
  ])
  expect(planNodes({ gpus: parseGpus('8,0') })).toEqual([
    { name: 'nexus-node-0', gpus: 8 },
    { name: 'nexus-node-1', gpus: 0 },
  ])
})

test('two different numbers of nodes are a mistake', () => {
  expect(() => planNodes({ nodes: 3, gpus: parseGpus('8,4') })).toThrow('--nodes asks for 3 nodes, and --gpus lists 2')
})
