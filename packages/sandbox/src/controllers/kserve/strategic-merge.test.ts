import type { Container, EnvVar } from '@nexus/kube'
import { expect, test } from 'vitest'
import { mergeContainer, mergePodFields } from './strategic-merge.ts'

function container(...env: EnvVar[]): Container {
  return { name: 'kserve-container', env }
}

// What kube-apiserver 1.34 answers to a strategic patch of these lists.
test('the order of a list is the server’s: what only the overlay has comes first', () => {
  const base = container(...['A', 'B', 'C'].map((name) => ({ name, value: '1' })))
  const merged = mergeContainer(base, container({ name: 'X', value: '2' }, { name: 'B', value: '2' }))
  expect(merged.env?.map(({ name, value }) => `${name}=${value}`)).toEqual(['X=2', 'A=1', 'B=2', 'C=1'])
})

test('a value and its source never stand side by side: the overlay says which', () => {
  const valueFrom = { secretKeyRef: { name: 's', key: 'k' } }
  const overlay = container({ name: 'A', valueFrom })
  expect(mergeContainer(container({ name: 'A', value: '1' }), overlay).env).toEqual([{ name: 'A', valueFrom }])
  const plain = container({ name: 'A', value: '2' })
  expect(mergeContainer(container({ name: 'A', valueFrom }), plain).env).toEqual([{ name: 'A', value: '2' }])
})

test('arguments are appended, the command replaced, maps merged', () => {
  const base: Container = { name: 'm', args: ['a'], command: ['x'], resources: { limits: { cpu: 1, memory: '1Gi' } } }
  const merged = mergeContainer(base, { args: ['b'], command: ['y'], resources: { limits: { cpu: 2 } } })
  expect(merged).toEqual({
    name: 'm',
    args: ['a', 'b'],
    command: ['y'],
    resources: { limits: { cpu: 2, memory: '1Gi' } },
  })
})

test('tolerations are replaced as a whole, volumes merge by name', () => {
  const base = { tolerations: [{ key: 'a' }], volumes: [{ name: 'v' }, { name: 'w' }] }
  const merged = mergePodFields(base, { tolerations: [{ key: 'b' }], volumes: [{ name: 'w', emptyDir: {} }] })
  expect(merged).toEqual({ tolerations: [{ key: 'b' }], volumes: [{ name: 'v' }, { name: 'w', emptyDir: {} }] })
})
