import { expect, test } from 'vitest'
import { z } from 'zod'
import { openApiV2, openApiV3Document, openApiV3Index } from './openapi.ts'
import { fieldAt, isRecord } from './objects/fields.ts'
import { builtinResources } from './resources/builtin.ts'
import { resourcesOfDefinition } from './resources/custom.ts'
import { hasKubectl, kubectlFor } from './testing/kubectl.ts'
import { startTestServer } from './testing/test-server.ts'

const versions = [
  {
    name: 'v1beta1',
    served: true,
    storage: true,
    schema: {
      openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', description: 'What you wish for.' } } },
    },
  },
]
const names = { plural: 'inferenceservices', kind: 'InferenceService' }
const custom = resourcesOfDefinition({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'inferenceservices.serving.kserve.io' },
  spec: { group: 'serving.kserve.io', scope: 'Namespaced', names, versions },
})
const configMaps = builtinResources.filter(({ kind }) => kind === 'ConfigMap')
const resources = [...configMaps, ...custom]

const Operation = z.object({
  parameters: z.array(z.object({ name: z.string(), in: z.string() })),
  'x-kubernetes-group-version-kind': z.object({ group: z.string(), version: z.string(), kind: z.string() }),
  'x-kubernetes-action': z.string(),
})
const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) })
const Index = z.object({ paths: z.record(z.string(), z.object({ serverRelativeURL: z.string() })) })

function readV3(path: string): unknown {
  return JSON.parse(openApiV3Document(path, resources))
}

test('the index names one document per group and version', () => {
  const { paths } = Index.parse(openApiV3Index(resources))
  expect(Object.keys(paths)).toEqual(['api/v1', 'apis/serving.kserve.io/v1beta1'])
  expect(paths['api/v1']?.serverRelativeURL).toMatch(/^\/openapi\/v3\/api\/v1\?hash=[0-9a-f]{64}$/)
})

test('the address of a document changes when a kind is added to its group, and only then', () => {
  const before = Index.parse(openApiV3Index(resources))
  const secrets = builtinResources.filter(({ kind }) => kind === 'Secret')
  const after = Index.parse(openApiV3Index([...resources, ...secrets]))
  expect(after.paths['api/v1']).not.toEqual(before.paths['api/v1'])
  const other = 'apis/serving.kserve.io/v1beta1'
  expect(after.paths[other]).toEqual(before.paths[other])
})

test.each([
  { document: readV3('apis/serving.kserve.io/v1beta1'), version: 3 },
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
    expect(query?.slice(0, 3)).toEqual(['dryRun', 'fieldManager', 'fieldValidation'])
    expect(operation?.['x-kubernetes-group-version-kind']).toEqual({
      group: 'serving.kserve.io',
      version: 'v1beta1',
      kind: 'InferenceService',
    })
  }
})

test('a document holds the kinds of its group only', () => {
  const { paths } = Document.parse(readV3('api/v1'))
  expect(Object.keys(paths)).toEqual([
    '/api/v1/namespaces/{namespace}/configmaps',
    '/api/v1/namespaces/{namespace}/configmaps/{name}',
  ])
})

const SCHEMAS = ['components', 'schemas']

test('types are described with what patches and owners need to know', () => {
  const apps = builtinResources.filter(({ kind }) => kind === 'Deployment')
  const document: unknown = JSON.parse(openApiV3Document('apis/apps/v1', apps))
  expect(fieldAt(document, ...SCHEMAS, 'io.k8s.api.core.v1.PodSpec', 'properties', 'volumes')).toEqual({
    type: 'array',
    items: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.Volume' }] },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-patch-strategy': 'merge,retainKeys',
  })
  expect(fieldAt(document, ...SCHEMAS, 'io.k8s.api.apps.v1.Deployment')).toMatchObject({
    'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
  })
})

test('every reference in a document leads somewhere', () => {
  const paths = new Set(builtinResources.map(({ group, apiVersion }) => `${group ? 'apis' : 'api'}/${apiVersion}`))
  for (const path of paths) {
    const text = openApiV3Document(path, builtinResources)
    const schemas = fieldAt(JSON.parse(text), ...SCHEMAS)
    const refs = new Set([...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name))
    expect([...refs].filter((name) => !isRecord(schemas) || !Object.hasOwn(schemas, name))).toEqual([])
  }
})

test('a custom kind is described as its definition does', () => {
  const kind = fieldAt(
    readV3('apis/serving.kserve.io/v1beta1'),
    ...SCHEMAS,
    'io.kserve.serving.v1beta1.InferenceService',
  )
  expect(kind).toMatchObject({
    properties: {
      spec: { description: 'What you wish for.' },
      metadata: { allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }] },
    },
  })
})

test('kubectl explains fields', async ({ skip }) => {
  skip(!hasKubectl, 'needs kubectl')
  await using api = await startTestServer()
  const kubectl = await kubectlFor(api)
  const { code, stdout } = await kubectl(['explain', 'deployment.spec.strategy'])
  expect(code).toBe(0)
  expect(stdout).toContain('FIELD: strategy <DeploymentStrategy>')
  expect(stdout).toMatch(/rollingUpdate\s+<RollingUpdateDeployment>/)
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
