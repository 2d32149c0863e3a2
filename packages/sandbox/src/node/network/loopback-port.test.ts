import { expect, test } from 'vitest'
import { LoopbackPorts } from './loopback-port.ts'

test('a port that is claimed is not given to another until it is released', async () => {
  const found = [7001, 7001, 7002, 7001]
  const ports = new LoopbackPorts(() => Promise.resolve(found.shift() ?? 0))
  expect([await ports.claim(), await ports.claim()]).toEqual([7001, 7002])
  ports.release(7001)
  expect(await ports.claim()).toBe(7001)
})
