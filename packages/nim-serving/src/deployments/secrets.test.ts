import { SecretText } from '@nexus/core'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { TEST_KEY, testInput } from '../testing/inputs.ts'
import { assembleNIMPVC, assembleNIMSecrets } from './secrets.ts'

const keyInput = { key: new SecretText(TEST_KEY), setBy: 'ada' }

test('the container reads the key as it is', () => {
  const { apiKeySecret } = assembleNIMSecrets(testInput(), keyInput)
  expect(apiKeySecret.metadata.name).toBe('nim-api-key-llama')
  expect(atob(apiKeySecret.data?.['NGC_API_KEY'] ?? '')).toBe(TEST_KEY)
})

test.each([
  { registry: 'nvcr.io', host: 'nvcr.io' },
  { registry: 'mirror.example:5000/nvidia', host: 'mirror.example:5000' },
])('the kubelet logs in to $host for images of $registry', ({ registry, host }) => {
  const { pullSecret } = assembleNIMSecrets(testInput({ registry }), keyInput)
  expect(pullSecret).toMatchObject({
    type: 'kubernetes.io/dockerconfigjson',
    metadata: { name: 'nim-image-pull-llama' },
  })
  const config: unknown = JSON.parse(atob(pullSecret.data?.['.dockerconfigjson'] ?? ''))
  expect(config).toEqual({
    auths: { [host]: { username: '$oauthtoken', password: TEST_KEY, auth: btoa(`$oauthtoken:${TEST_KEY}`) } },
  })
})

test('a Secret says who set its key and how it ends, and does not pass for a data connection', () => {
  for (const { metadata } of Object.values(assembleNIMSecrets(testInput(), keyInput))) {
    expect(metadata.annotations).toEqual({ 'nexus.dev/key-hint': 'abcd', 'nexus.dev/key-set-by': 'ada' })
    expect(metadata.labels).toEqual({ 'opendatahub.io/managed': 'true' })
  }
})

test.each([
  { name: 'defaults', request: {} },
  { name: 'large', request: { replicas: 2, storage: { mode: 'new' as const, size: '200Gi', storageClass: 'fast' } } },
])('assembles the PVC: $name', async ({ name, request }) => {
  await expect(stringify(assembleNIMPVC(testInput(request)))).toMatchFileSnapshot(`testdata/pvc/${name}.yaml`)
})

test('an existing PVC is not assembled again', () => {
  expect(assembleNIMPVC(testInput({ storage: { mode: 'existing', pvc: 'models' } }))).toBeUndefined()
})
