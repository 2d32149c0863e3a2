import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readKustomization, readManifestFile } from './manifests.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nexus-manifests-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: nexus\n'
const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`

test('a file holds its documents in order, and empty ones are none', async () => {
  const file = join(dir, 'all.yaml')
  await writeFile(file, `---\n${namespace}---\n---\n${configMap('a')}`)
  expect((await readManifestFile(file)).map(({ kind }) => kind)).toEqual(['Namespace', 'ConfigMap'])
})

test('a document that is no object is refused', async () => {
  const file = join(dir, 'bad.yaml')
  await writeFile(file, 'kind: ConfigMap\n')
  await expect(readManifestFile(file)).rejects.toThrow('apiVersion')
})

test('a file that is no YAML is refused by its name', async () => {
  const file = join(dir, 'torn.yaml')
  await writeFile(file, `${configMap('a')}data: {a: "1\n`)
  await expect(readManifestFile(file)).rejects.toThrow(file)
})

test('a kustomization follows files and folders in order, and its namespace leaves cluster-scoped objects alone', async () => {
  await mkdir(join(dir, 'inner'))
  await writeFile(join(dir, 'namespace.yaml'), namespace)
  await writeFile(join(dir, 'inner', 'a.yaml'), configMap('a'))
  await writeFile(join(dir, 'inner', 'kustomization.yaml'), 'namespace: inner\nresources: [a.yaml]\n')
  await writeFile(join(dir, 'b.yaml'), configMap('b'))
  await writeFile(
    join(dir, 'kustomization.yaml'),
    'namespace: nexus\nresources:\n  - namespace.yaml\n  - inner\n  - b.yaml\n',
  )
  const objects = await readKustomization(dir)
  expect(objects.map(({ metadata }) => [metadata.name, metadata.namespace])).toEqual([
    ['nexus', undefined],
    ['a', 'nexus'],
    ['b', 'nexus'],
  ])
})

test('a generator makes a ConfigMap of its files, under the name it is given', async () => {
  await writeFile(join(dir, 'a.env'), '# A comment\nA=1\n\nURL=redis://redis:6379/0?x=y\n')
  await writeFile(join(dir, 'b.env'), 'B=\n')
  const generator = { name: 'config', namespace: 'nexus', envs: ['a.env', 'b.env'], options: { labels: { app: 'x' } } }
  await writeFile(join(dir, 'kustomization.yaml'), JSON.stringify({ resources: [], configMapGenerator: [generator] }))
  expect(await readKustomization(dir)).toEqual([
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'config', namespace: 'nexus', labels: { app: 'x' } },
      data: { A: '1', URL: 'redis://redis:6379/0?x=y', B: '' },
    },
  ])
})

test('a kustomization that does more is refused', async () => {
  await writeFile(join(dir, 'kustomization.yaml'), 'resources: []\nnamePrefix: my-\n')
  await expect(readKustomization(dir)).rejects.toThrow('namePrefix')
})
