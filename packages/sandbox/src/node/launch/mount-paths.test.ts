import { expect, test } from 'vitest'
import { rewriteMountPaths } from './mount-paths.ts'

const mounts = [
  { mountPath: '/mnt/models', folder: '/pods/1/models' },
  { mountPath: '/mnt/models/cache/', folder: '/pods/1/cache' },
  { mountPath: '/data', folder: '/pods/1/data' },
]

test.each([
  ['/mnt/models/cache', '/pods/1/cache'],
  ['/mnt/models/cache/engine.bin', '/pods/1/cache/engine.bin'],
  ['/mnt/models/other', '/pods/1/models/other'],
  ['--path=/data --log=/data/log', '--path=/pods/1/data --log=/pods/1/data/log'],
  ['/data:/mnt/models', '/pods/1/data:/pods/1/models'],
  ['file:///data/x', 'file:///pods/1/data/x'],
  ['/database', '/database'],
  ['/srv/data', '/srv/data'],
  ['/data-old', '/data-old'],
  ['no path', 'no path'],
])('rewrites %s to %s', (text, expected) => {
  expect(rewriteMountPaths(text, mounts)).toBe(expected)
})

test('rewrites nothing without mounts', () => {
  expect(rewriteMountPaths('/data', [])).toBe('/data')
})
