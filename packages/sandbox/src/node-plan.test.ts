import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodesToStart } from './node-plan.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nexus-node-plan-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('nodes are kept until others are asked for', async () => {
  expect(await nodesToStart(dir, undefined)).toBeUndefined()
  const nodes = [{ name: 'nexus-node-0', gpus: 4, gpuProduct: 'NVIDIA-L40S', gpuMemoryMiB: 46_068 }]
  expect(await nodesToStart(dir, nodes)).toEqual(nodes)
  expect(await nodesToStart(dir, undefined)).toEqual(nodes)
  expect(await nodesToStart(dir, [{ name: 'nexus-node-0', gpus: 0 }])).toEqual([{ name: 'nexus-node-0', gpus: 0 }])
  expect(await nodesToStart(dir, undefined)).toEqual([{ name: 'nexus-node-0', gpus: 0 }])
})

test('a damaged file counts as none', async () => {
  writeFileSync(join(dir, 'nodes.json'), '[{"gpus":')
  expect(await nodesToStart(dir, undefined)).toBeUndefined()
})
