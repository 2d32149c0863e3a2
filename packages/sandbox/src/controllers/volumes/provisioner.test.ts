import { expect, test } from 'vitest'
import { isInside } from './provisioner.ts'

test.each([
  ['/data/volumes/demo_weights_1', true],
  ['/data/volumes', false],
  ['/data/volumes/..', false],
  ['/data/volumes/../state', false],
  ['/data/volumes-of-others/a', false],
  ['/etc', false],
  ['/data/volumes/..hidden', true],
])('%s is removed only when it is inside the folder', (path, inside) => {
  expect(isInside('/data/volumes', path)).toBe(inside)
})
