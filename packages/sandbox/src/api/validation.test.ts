import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { applyDefaults } from './defaults.ts'
import type { ApiObject } from './object.ts'
import { validateObject } from './validation.ts'

const ObjectShape = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})
const Causes = z.array(z.object({ reason: z.string(), message: z.string(), field: z.string() }))

/** What Kubernetes 1.34 said about objects with a fault. */
const recorded = z
  .array(z.object({ name: z.string(), sent: ObjectShape, causes: Causes }))
  .parse(JSON.parse(readFileSync(new URL('testdata/validation.json', import.meta.url), 'utf8')))

test.each(recorded)('$name is refused in the words of the real server', ({ sent, causes }) => {
  applyDefaults(sent)
  expect(validateObject(sent)).toEqual(causes)
})

/** Objects that Kubernetes 1.34 accepted. */
const accepted = z
  .array(z.object({ name: z.string(), sent: ObjectShape }))
  .parse(JSON.parse(readFileSync(new URL('testdata/defaults.json', import.meta.url), 'utf8')))

test.each(accepted)('$name, which the real server took, has no fault', ({ sent }) => {
  applyDefaults(sent)
  expect(validateObject(sent)).toEqual([])
})

function configMap(data: Record<string, string>): ApiObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data }
}

test('a ConfigMap holds one mebibyte and no byte more', () => {
  const limit = 1024 * 1024
  expect(validateObject(configMap({ a: 'x'.repeat(limit) }))).toEqual([])
  expect(validateObject(configMap({ a: 'x'.repeat(limit), b: 'x' }))).toMatchObject([{ reason: 'FieldValueTooLong' }])
})

test('the message about a Secret that is not encoded does not hold its value', () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { key: 'nvapi-test-not base64' } }
  const causes = validateObject(secret)
  expect(causes).toMatchObject([{ field: 'data[key]', reason: 'FieldValueInvalid' }])
  expect(JSON.stringify(causes)).not.toContain('nvapi')
})

test('the message about a pull secret that is no JSON does not hold its value', () => {
  const data = { '.dockerconfigjson': Buffer.from('nvapi-test-bare').toString('base64') }
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    type: 'kubernetes.io/dockerconfigjson',
    data,
  }
  const causes = validateObject(secret)
  expect(causes).toMatchObject([{ field: 'data[.dockerconfigjson]', reason: 'FieldValueInvalid' }])
  expect(JSON.stringify(causes)).not.toContain('nvapi')
})

test('the names of roles may hold colons', () => {
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'system:node' } }
  expect(validateObject(role)).toEqual([])
  expect(validateObject({ ...role, metadata: { name: 'a/b' } })).toMatchObject([{ field: 'metadata.name' }])
})

test('a claim says when its size cannot be read', () => {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: 'lots' } } }
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c' }, spec }
  expect(validateObject(claim)).toMatchObject([{ field: 'spec.resources[storage]', reason: 'FieldValueInvalid' }])
})

test('replicas are a number', () => {
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'a:1' }] } }
  const spec = { replicas: '3', selector: { matchLabels: { a: 'b' } }, template }
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec }
  applyDefaults(deployment)
  expect(validateObject(deployment)).toMatchObject([{ field: 'spec.replicas', reason: 'FieldValueInvalid' }])
})

test('in long lists what is there twice is found as in short ones', () => {
  const volumes = Array.from({ length: 40_000 }, (_, index) => ({ name: `v${index}`, emptyDir: {} }))
  const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }))
  const containers = [{ name: 'a', image: 'a:1', volumeMounts: [...volumeMounts, { name: 'v0', mountPath: '/v0' }] }]
  const spec = { volumes: [...volumes, { name: 'v0', emptyDir: {} }], containers }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec }
  applyDefaults(pod)
  expect(validateObject(pod).map(({ field }) => field)).toEqual([
    'spec.volumes[40000].name',
    'spec.containers[0].volumeMounts[40000].mountPath',
  ])
})
