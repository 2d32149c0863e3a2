import { createHash } from 'node:crypto'
import type { Resource } from './resources/resource.ts'

/** What the schema documents need to know about a resource. */
export type DescribedResource = Pick<
  Resource,
  'group' | 'version' | 'apiVersion' | 'kind' | 'plural' | 'namespaced' | 'custom'
>

/**
 * The index of the OpenAPI v3 documents. A document is found under its group and version; `hash` changes with its
 * content, because clients cache it by address.
 */
export function openApiV3Index(resources: readonly DescribedResource[]): object {
  const groupVersions = [...new Set(resources.map((resource) => documentPath(resource)))].sort()
  const paths = groupVersions.map((path) => {
    const content = JSON.stringify(openApiV3Document(path, resources))
    const hash = createHash('sha256').update(content).digest('hex')
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const
  })
  return { paths: Object.fromEntries(paths) }
}

/**
 * The OpenAPI v3 document of one group and version (`api/v1`, `apis/apps/v1`): enough for kubectl to find out that the
 * server checks fields and takes dry runs. Schemas name their kinds and leave the fields open.
 */
export function openApiV3Document(groupVersion: string, resources: readonly DescribedResource[]): object {
  const described = resources.filter((resource) => documentPath(resource) === groupVersion)
  return {
    openapi: '3.0.0',
    info: INFO,
    paths: Object.fromEntries(described.flatMap((resource) => pathsOf(resource, operationV3))),
    components: {
      schemas: Object.fromEntries(described.map((resource) => [schemaName(resource), schemaOf(resource)])),
    },
  }
}

/** The same for all groups as one OpenAPI v2 document, which older clients ask for. */
export function openApiV2(resources: readonly DescribedResource[]): object {
  return {
    swagger: '2.0',
    info: INFO,
    paths: Object.fromEntries(resources.flatMap((resource) => pathsOf(resource, operationV2))),
    definitions: Object.fromEntries(resources.map((resource) => [schemaName(resource), schemaOf(resource)])),
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

/**
 * Strategic merge is served, but not listed: with it kubectl would look for the merge keys in these schemas instead of
 * in its own types.
 */
const PATCH_TYPES = ['application/json-patch+json', 'application/merge-patch+json']

type Operation = (resource: DescribedResource, action: Action) => object
type Action = 'get' | 'list' | 'post' | 'put' | 'patch' | 'delete'

function documentPath({ group, apiVersion }: DescribedResource): string {
  return `${group === '' ? 'api' : 'apis'}/${apiVersion}`
}

function pathsOf(resource: DescribedResource, operation: Operation): (readonly [string, object])[] {
  const namespace = resource.namespaced ? '/namespaces/{namespace}' : ''
  const collection = `/${documentPath(resource)}${namespace}/${resource.plural}`
  const of = (action: Action) => operation(resource, action)
  return [
    [collection, { get: of('list'), post: of('post') }],
    [`${collection}/{name}`, { get: of('get'), put: of('put'), patch: of('patch'), delete: of('delete') }],
  ]
}

function operationV3(resource: DescribedResource, action: Action): object {
  const schema = { $ref: `#/components/schemas/${schemaName(resource)}` }
  const types = action === 'patch' ? PATCH_TYPES : ['application/json']
  const content = Object.fromEntries(types.map((type) => [type, { schema }]))
  return {
    ...about(resource, action),
    parameters: parametersOf(action).map((name) => ({ name, in: 'query', schema: { type: 'string' } })),
    ...(writes(action) && { requestBody: { content, required: true } }),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } },
  }
}

function operationV2(resource: DescribedResource, action: Action): object {
  const schema = { $ref: `#/definitions/${schemaName(resource)}` }
  const body = { name: 'body', in: 'body', required: true, schema }
  const query = parametersOf(action).map((name) => ({ name, in: 'query', type: 'string', uniqueItems: true }))
  return {
    ...about(resource, action),
    consumes: action === 'patch' ? PATCH_TYPES : ['application/json'],
    produces: ['application/json'],
    parameters: writes(action) ? [body, ...query] : query,
    responses: { 200: { description: 'OK', schema } },
  }
}

function about({ group, version, kind, namespaced, apiVersion }: DescribedResource, action: Action): object {
  const scope = namespaced ? 'Namespaced' : ''
  return {
    operationId: `${action}${apiVersion.replaceAll(/[^\w]/g, '_')}${scope}${kind}`,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  }
}

function parametersOf(action: Action): string[] {
  if (writes(action)) return QUERY
  return action === 'delete' ? ['dryRun'] : []
}

function writes(action: Action): boolean {
  return action === 'post' || action === 'put' || action === 'patch'
}

/** `io.k8s.api.apps.v1.Deployment`, `io.kserve.serving.v1beta1.InferenceService`: the group reversed, as clients expect it. */
function schemaName({ group, version, kind, custom }: DescribedResource): string {
  const reversed = group.split('.').reverse().join('.')
  return custom ? `${reversed}.${version}.${kind}` : `io.k8s.api.${group.split('.')[0] || 'core'}.${version}.${kind}`
}

function schemaOf({ group, version, kind }: DescribedResource): object {
  const text = { type: 'string' }
  return {
    type: 'object',
    properties: { apiVersion: text, kind: text, metadata: { type: 'object' } },
    'x-kubernetes-preserve-unknown-fields': true,
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  }
}
