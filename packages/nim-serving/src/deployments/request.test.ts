import { SecretText } from '@nexus/core'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { TEST_KEY, testRequest } from '../testing/inputs.ts'
import { parseDeployRequest } from './request.ts'
import type { DeployRequest } from './request.ts'

test('the defaults are those of one small replica', () => {
  const { input, key, ...flags } = parseDeployRequest(testRequest())
  expect(input).toMatchObject({
    displayName: 'llama',
    registry: 'nvcr.io',
    minReplicas: 1,
    maxReplicas: 1,
    resources: {
      requests: { cpu: '1', memory: '4Gi', 'nvidia.com/gpu': '1' },
      limits: { cpu: '2', memory: '8Gi', 'nvidia.com/gpu': '1' },
    },
    storage: { mode: 'new', pvc: 'nim-pvc-llama' },
    strategy: 'RollingUpdate',
    externalRoute: false,
    auth: false,
    names: { runtime: 'llama', apiKeySecret: 'nim-api-key-llama', pullSecret: 'nim-image-pull-llama' },
  })
  expect(flags).toMatchObject({
    createNamespace: false,
    dryRun: false,
    skipKeyCheck: false,
    platformNamespace: 'nexus',
  })
  expect(key.reveal()).toBe(TEST_KEY)
})

test('a PVC may have dots in its name', () => {
  const storage = { mode: 'existing', pvc: 'my.models-1', subPath: '/llama/' } as const
  expect(parseDeployRequest(testRequest({ storage })).input.storage).toEqual({ ...storage, subPath: 'llama' })
})

test.each([
  { asked: { replicas: 3 }, bounds: [3, 3] },
  { asked: { minReplicas: 2 }, bounds: [2, 2] },
  { asked: { maxReplicas: 4 }, bounds: [1, 4] },
  { asked: { minReplicas: 2, maxReplicas: 4 }, bounds: [2, 4] },
  { asked: { replicas: 3, maxReplicas: 2 }, bounds: [2, 2] },
])('replicas are bounded by what was asked for: $asked', ({ asked, bounds }) => {
  const { minReplicas, maxReplicas } = parseDeployRequest(testRequest(asked)).input
  expect([minReplicas, maxReplicas]).toEqual(bounds)
})

test('a variable may come from a Secret', () => {
  const env = [{ name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: 'hugging-face', key: 'token' } } }]
  expect(parseDeployRequest(testRequest({ env })).input.env).toEqual(env)
})

test('a key may come parsed', () => {
  expect(parseDeployRequest(testRequest({ apiKey: new SecretText(TEST_KEY) })).key.hint()).toBe('abcd')
})

test.each<{ name: string; changes: Partial<DeployRequest>; says: string }>([
  { name: 'a long name', changes: { name: 'a'.repeat(54) }, says: 'at most 53 characters' },
  { name: 'a name with capitals', changes: { name: 'Llama' }, says: 'name: A deployment name has lower-case' },
  {
    name: 'a model with a folder',
    changes: { model: { name: 'meta/llama', namespace: 'nim/meta' } },
    says: 'model.name',
  },
  { name: 'a tag with a slash', changes: { tag: '1/2' }, says: 'tag: ' },
  { name: 'a registry with a scheme', changes: { registry: 'https://nvcr.io' }, says: 'without a scheme' },
  { name: 'no replica', changes: { replicas: 0 }, says: 'replicas: ' },
  { name: 'a size without a number', changes: { storage: { mode: 'new', size: 'big' } }, says: 'storage.size' },
  {
    name: 'a size in bytes',
    changes: { storage: { mode: 'new', size: '50' } },
    says: 'storage.size: "50" is too small',
  },
  { name: 'a PVC with a path', changes: { storage: { mode: 'existing', pvc: '../a' } }, says: '"../a" is no name' },
  {
    name: 'a storage class with capitals',
    changes: { storage: { mode: 'new', storageClass: 'Fast' } },
    says: '"Fast" is no name',
  },
  {
    name: 'a folder outside the PVC',
    changes: { storage: { mode: 'existing', pvc: 'a', subPath: '../b' } },
    says: '".."',
  },
  {
    name: 'a reserved variable',
    changes: { env: [{ name: 'NGC_API_KEY', value: 'x' }] },
    says: 'set by the deployment',
  },
  {
    name: 'a variable twice',
    changes: {
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    },
    says: 'set twice',
  },
  { name: 'a key in a variable', changes: { env: [{ name: 'A', value: TEST_KEY }] }, says: 'looks like an NVIDIA key' },
  { name: 'bounds that cross', changes: { minReplicas: 3, maxReplicas: 2 }, says: 'minReplicas: The least' },
  {
    name: 'a value and a source',
    changes: { env: [{ name: 'A', value: '1', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
    says: 'not both',
  },
  { name: 'tokens that share an object', changes: { auth: true, tokens: ['My App', 'my-app'] }, says: 'tokens: ' },
  { name: 'a key in an argument', changes: { args: [`--key=${TEST_KEY}`] }, says: 'looks like an NVIDIA key' },
])('refuses $name', ({ changes, says }) => {
  const attempt = catchError(() => parseDeployRequest(testRequest(changes)))
  expect(attempt).toMatchObject({ code: 'NEXUS_DEPLOY_INPUT' })
  expect(String(attempt)).toContain(says)
  expect(inspect(attempt)).not.toContain(TEST_KEY)
})

test('all problems come at once, and a name that works is suggested', () => {
  const attempt = catchError(() => parseDeployRequest(testRequest({ name: 'My Llama', replicas: 0, tag: '' })))
  expect(String(attempt).split('\n')).toHaveLength(3)
  expect(attempt).toMatchObject({ hint: 'A name that works: my-llama' })
})

function catchError(call: () => unknown): unknown {
  try {
    return call()
  } catch (thrown) {
    return thrown
  }
}
