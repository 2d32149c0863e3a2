import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { VolumeMount } from '@nexus/kube'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MountedFolder } from '../launch/mount-paths.ts'
import { mountFolders } from './mounts.ts'

let home: string
let volume: string
beforeEach(async () => {
  home = await realpath(mkdtempSync(join(tmpdir(), 'nexus-mounts-')))
  volume = join(home, 'volume')
  mkdirSync(volume)
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function mount(fields: Partial<VolumeMount>, written = false): Promise<MountedFolder[]> {
  const container = { name: 'main', volumeMounts: [{ name: 'data', mountPath: '/data', ...fields }] }
  return mountFolders(container, {
    volumes: new Map([['data', { folder: volume, written }]]),
    variables: new Map([['POD', 'llama-0']]),
    dir: join(home, 'copies'),
  })
}

test('a mount is the folder of its volume, a sub-path a folder in it that is made where it is missing', async () => {
  expect(await mount({})).toEqual([{ mountPath: '/data', folder: volume }])
  expect(await mount({ subPath: 'a/b' })).toEqual([{ mountPath: '/data', folder: join(volume, 'a/b') }])
})

test('a sub-path may be made of variables', async () => {
  expect(await mount({ subPathExpr: 'logs/$(POD)' })).toEqual([
    { mountPath: '/data', folder: join(volume, 'logs/llama-0') },
  ])
  await expect(mount({ subPathExpr: '$(NONE)' })).rejects.toThrow('missing value for "NONE"')
})

test('a file of a volume that the node writes is copied: it stays as it was', async () => {
  writeFileSync(join(volume, 'key'), 'before')
  const [mounted] = await mount({ subPath: 'key' }, true)
  writeFileSync(join(volume, 'key'), 'after')
  expect(readFileSync(mounted?.folder ?? '', 'utf8')).toBe('before')
})

test.each(['../other', 'a/../../other', '/etc'])('sub-path %s does not lead out of its volume', async (subPath) => {
  await expect(mount({ subPath })).rejects.toThrow(
    'failed to prepare subPath for volumeMount "data" of container "main"',
  )
})

test('a link in the volume does not lead out of it either', async () => {
  symlinkSync('/etc', join(volume, 'out'))
  await expect(mount({ subPath: 'out' })).rejects.toThrow('failed to prepare subPath')
  await expect(mount({ subPath: 'out/passwd' })).rejects.toThrow('failed to prepare subPath')
})

test('nothing is made behind a link that leads out of the volume', async () => {
  const outside = join(home, 'outside')
  mkdirSync(outside)
  symlinkSync(outside, join(volume, 'out'))
  await expect(mount({ subPath: 'out/made' })).rejects.toThrow('failed to prepare subPath')
  expect(readdirSync(outside)).toEqual([])
})
