import { expect, test } from 'vitest'
import { z } from 'zod'
import { openApiV2, openApiV3Document, openApiV3Index } from './openapi.ts'
import type { DescribedResource } from './openapi.ts'
import { hasKubectl, kubectlFor } from './testing/kubectl.ts'
import { startTestServer } from './testing/test-server.ts'

const configMap: DescribedResource = {
  group: '',
  version: 'v1',
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
  custom: false,
}
const inferenceService: DescribedResource = {
  group: 'serving.kserve.io',
  version: 'v1beta1',
  apiVersion: 'serving.kserve.io/v1beta1',
  kind: 'InferenceService',
  plural: 'inferenceservices',
  namespaced: true,
  custom: true,
}
const resources = [configMap, inferenceService]

const Operation = z.object({
  parameters: z.array(z.object({ name: z.string(), in: z.string() })),
  'x-kubernetes-group-version-kind': z.object({ group: z.string(), version: z.string(), kind: z.string() }),
  'x-kubernetes-action': z.string(),
})
const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) })
const Index = z.object({ paths: z.record(z.string(), z.object({ serverRelativeURL: z.string() })) })

test('the index names one document per group and version', () => {
  const { paths } = Index.parse(openApiV3Index(resources))
  expect(Object.keys(paths)).toEqual(['api/v1', 'apis/serving.kserve.io/v1beta1'])
  expect(paths['api/v1']?.serverRelativeURL).toMatch(/^\/openapi\/v3\/api\/v1\?hash=[0-9a-f]{64}$/)
})

test('the address of a document changes when a kind is added to its group, and only then', () => {
  const before = Index.parse(openApiV3Index(resources))
  const secret = { ...configMap, kind: 'Secret', plural: 'secrets' }
  const after = Index.parse(openApiV3Index([...resources, secret]))
  expect(after.paths['api/v1']).not.toEqual(before.paths['api/v1'])
  const custom = 'apis/serving.kserve.io/v1beta1'
  expect(after.paths[custom]).toEqual(before.paths[custom])
})

test.each([
  { document: openApiV3Document('apis/serving.kserve.io/v1beta1', resources), version: 3 },
  { document: openApiV2(resources), version: 2 },
])('version $version says for every write that the server validates fields and takes dry runs', ({ document }) => {
  const { paths } = Document.parse(document)
  const base = '/apis/serving.kserve.io/v1beta1/namespaces/{namespace}/inferenceservices'
  for (const operation of [
    paths[base]?.['post'],
    paths[`${base}/{name}`]?.['put'],
    paths[`${base}/{name}`]?.['patch'],
  ]) {
    const query = operation?.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
    expect(query).toEqual(['dryRun', 'fieldManager', 'fieldValidation'])
    expect(operation?.['x-kubernetes-group-version-kind']).toEqual({
      group: 'serving.kserve.io',
      version: 'v1beta1',
      kind: 'InferenceService',
    })
  }
})

test('a document holds the kinds of its group only', () => {
  const { paths } = Document.parse(openApiV3Document('api/v1', resources))
  expect(Object.keys(paths)).toEqual([
    '/api/v1/namespaces/{namespace}/configmaps',
    '/api/v1/namespaces/{namespace}/configmaps/{name}',
  ])
})

test('kubectl learns that a kind does not exist', async ({ skip }) => {
  skip(!hasKubectl, 'needs kubectl')
  await using api = await startTestServer()
  const kubectl = await kubectlFor(api)
  const unknown = { apiVersion: 'v1', kind: 'Nope', metadata: { name: 'x' } }
  const { code, stderr } = await kubectl(['apply', '-f', '-'], unknown)
  expect(stderr).toContain('no matches for kind "Nope" in version "v1"')
  expect(code).toBe(1)
})
