import { createHash } from 'node:crypto'
import { Components, schemaName } from './openapi/components.ts'
import type { Resource } from './resources/resource.ts'

/**
 * The index of the OpenAPI v3 documents. A document is found under its group and version; `hash` changes with its
 * content, because clients cache it by address.
 */
export function openApiV3Index(resources: readonly Resource[]): object {
  const groupVersions = [...new Set(resources.map((resource) => documentPath(resource)))].sort()
  const paths = groupVersions.map((path) => {
    const { hash } = documentAt(path, resources)
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const
  })
  return { paths: Object.fromEntries(paths) }
}

/**
 * The OpenAPI v3 document of one group and version (`api/v1`, `apis/apps/v1`), from which kubectl explains fields, merges
 * patches, and learns that the server checks fields and takes dry runs. It describes types, not what they are for.
 */
export function openApiV3Document(groupVersion: string, resources: readonly Resource[]): string {
  return documentAt(groupVersion, resources).text
}

interface Rendered {
  readonly resources: readonly Resource[]
  readonly text: string
  readonly hash: string
}

/** By the first resource of a document: as long as the others are the same, so is the document. */
const rendered = new WeakMap<Resource, Rendered>()

function documentAt(groupVersion: string, resources: readonly Resource[]): Rendered {
  const described = resources.filter((resource) => documentPath(resource) === groupVersion)
  const [first] = described
  const known = first && rendered.get(first)
  if (known && isSame(known.resources, described)) return known
  const text = JSON.stringify(describeV3(described))
  const hash = createHash('sha256').update(text).digest('hex')
  const made = { resources: described, text, hash }
  if (first) rendered.set(first, made)
  return made
}

function isSame(some: readonly Resource[], others: readonly Resource[]): boolean {
  return some.length === others.length && some.every((resource, index) => resource === others[index])
}

function describeV3(resources: readonly Resource[]): object {
  const components = new Components('#/components/schemas/')
  for (const resource of resources) components.add(resource)
  return {
    openapi: '3.0.0',
    info: INFO,
    paths: Object.fromEntries(resources.flatMap((resource) => pathsOf(resource, operationV3))),
    components: { schemas: components.schemas },
  }
}

/** The same for all groups as one OpenAPI v2 document, which older clients ask for. */
export function openApiV2(resources: readonly Resource[]): object {
  const components = new Components('#/definitions/')
  for (const resource of resources) components.add(resource)
  return {
    swagger: '2.0',
    info: INFO,
    paths: Object.fromEntries(resources.flatMap((resource) => pathsOf(resource, operationV2))),
    definitions: components.schemas,
  }
}

/**
 * An OpenAPI v2 document without paths in its protobuf form (`openapi_v2.Document`: swagger 2.0, title `-`, version `-`).
 * kubectl takes v2 in this form only, and asks for it when v3 does not know a kind: from a document it can read it concludes
 * that the kind does not exist, and says so.
 */
export const OPENAPI_V2_PROTOBUF: Buffer = Buffer.from('\n\u00032.0\u0012\u0006\n\u0001-\u0012\u0001-')

const INFO = { title: 'Kubernetes', version: '1.34' }
const QUERY = ['dryRun', 'fieldManager', 'fieldValidation']

/** Custom kinds take no strategic merge. Where it is listed, kubectl takes the merge keys from these schemas. */
const CUSTOM_PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
]
const PATCH_TYPES = [...CUSTOM_PATCH_TYPES, 'application/strategic-merge-patch+json']

type Operation = (resource: Resource, action: Action) => object
type Action = 'get' | 'list' | 'post' | 'put' | 'patch' | 'delete'

function documentPath({ group, apiVersion }: Resource): string {
  return `${group === '' ? 'api' : 'apis'}/${apiVersion}`
}

function pathsOf(resource: Resource, operation: Operation): (readonly [string, object])[] {
  const namespace = resource.namespaced ? '/namespaces/{namespace}' : ''
  const collection = `/${documentPath(resource)}${namespace}/${resource.plural}`
  const of = (method: string, action: Action): object => {
    return offers(resource, action) ? { [method]: operation(resource, action) } : {}
  }
  return [
    [collection, { ...of('get', 'list'), ...of('post', 'post') }],
    [
      `${collection}/{name}`,
      { ...of('get', 'get'), ...of('put', 'put'), ...of('patch', 'patch'), ...of('delete', 'delete') },
    ],
  ]
}

const VERBS = { get: 'get', list: 'list', post: 'create', put: 'update', patch: 'patch', delete: 'delete' } as const

function offers({ verbs }: Resource, action: Action): boolean {
  return verbs.includes(VERBS[action])
}

function patchTypes({ custom }: Resource): readonly string[] {
  return custom ? CUSTOM_PATCH_TYPES : PATCH_TYPES
}

function operationV3(resource: Resource, action: Action): object {
  const schema = { $ref: `#/components/schemas/${schemaName(resource)}` }
  const types = action === 'patch' ? patchTypes(resource) : ['application/json']
  const content = Object.fromEntries(types.map((type) => [type, { schema }]))
  return {
    ...about(resource, action),
    parameters: parametersOf(action).map((name) => ({ name, in: 'query', schema: { type: 'string' } })),
    ...(writes(action) && { requestBody: { content, required: true } }),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } },
  }
}

function operationV2(resource: Resource, action: Action): object {
  const schema = { $ref: `#/definitions/${schemaName(resource)}` }
  const body = { name: 'body', in: 'body', required: true, schema }
  const query = parametersOf(action).map((name) => ({ name, in: 'query', type: 'string', uniqueItems: true }))
  return {
    ...about(resource, action),
    consumes: action === 'patch' ? patchTypes(resource) : ['application/json'],
    produces: ['application/json'],
    parameters: writes(action) ? [body, ...query] : query,
    responses: { 200: { description: 'OK', schema } },
  }
}

function about({ group, version, kind, namespaced, apiVersion }: Resource, action: Action): object {
  const scope = namespaced ? 'Namespaced' : ''
  return {
    operationId: `${action}${apiVersion.replaceAll(/[^\w]/g, '_')}${scope}${kind}`,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  }
}

function parametersOf(action: Action): readonly string[] {
  if (action === 'patch') return [...QUERY, 'force']
  if (writes(action)) return QUERY
  return action === 'delete' ? ['dryRun'] : []
}

function writes(action: Action): boolean {
  return action === 'post' || action === 'put' || action === 'patch'
}
