import { expect, test } from 'vitest'
import type { ResourceList } from './kinds/core.ts'
import { addAmounts, amountsOf, podRequests } from './pod-requests.ts'

const container = (requests: ResourceList, limits: ResourceList = {}) => ({
  name: 'c',
  image: 'i',
  resources: { requests, limits },
})

test('a pod asks for the sum of its containers, and a limit without a request counts as one', () => {
  const containers = [container({ cpu: '500m' }, { cpu: 2, memory: '1Gi' }), container({ cpu: 1, memory: '1Gi' })]
  expect(podRequests({ containers })).toEqual(amountsOf({ cpu: '1500m', memory: '2Gi' }))
})

test('an init container that asks for more decides, for the resource it asks more of', () => {
  const initContainers = [container({ cpu: 4 }), container({ memory: '1Mi' })]
  const containers = [container({ cpu: 1, memory: '1Gi' })]
  expect(podRequests({ containers, initContainers })).toEqual(amountsOf({ cpu: 4, memory: '1Gi' }))
})

test('a pod without requests asks for nothing', () => {
  expect(podRequests({ containers: [{ name: 'c', image: 'i' }] })).toEqual(new Map())
})

test('amounts add up by name', () => {
  const sum = addAmounts(amountsOf({ cpu: 1 }), amountsOf({ cpu: '250m', 'nvidia.com/gpu': 1 }))
  expect(sum).toEqual(amountsOf({ cpu: '1250m', 'nvidia.com/gpu': 1 }))
})
