import type { ServerResponse } from 'node:http'
import { openApiV2, OPENAPI_V2_PROTOBUF, openApiV3Document, openApiV3Index } from '../openapi.ts'
import { aggregatedList, coreVersions, groupList, groupOf, resourceList } from '../resources/discovery.ts'
import type { Resource } from '../resources/resource.ts'
import { sendBytes, sendJson, sendValue } from './answer.ts'
import { aggregatedDiscovery, answerForm } from './negotiation.ts'
import { segmentsOf } from './path.ts'

/** What `kubectl version` shows. The version is the one whose behaviour the server follows. */
export const VERSION = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.0+nexus-sandbox',
  gitCommit: 'unknown',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: `${process.platform}/${process.arch}`,
}

/** One answer about the server: a JSON value, or bytes of another type. */
export type Description = { value: object; type?: string } | { bytes: Buffer; type: string }

/** What the server says about itself at `pathname`: version, discovery, OpenAPI. Undefined where it says nothing there. */
export function describeServer(
  pathname: string,
  accept: string | undefined,
  resources: readonly Resource[],
  address: string,
): Description | undefined {
  const [root, ...rest] = segmentsOf(pathname)
  switch (root ?? '') {
    case '':
      return rest.length === 0 ? { value: { paths: pathsOf(resources) } } : undefined
    case 'version':
      return rest.length === 0 ? { value: VERSION, type: JSON_TYPE } : undefined
    case 'openapi':
      return describeSchemas(rest, accept, resources)
    case 'api':
    case 'apis':
      return describeGroups(root === 'api', rest, accept, resources, address)
    default:
      return undefined
  }
}

/** `/`: where there is something to be read. */
function pathsOf(resources: readonly Resource[]): string[] {
  const versions = resources.flatMap(({ group, apiVersion }) =>
    group ? [`/apis/${group}`, `/apis/${apiVersion}`] : [],
  )
  const fixed = ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version']
  return [...new Set([...fixed, ...versions])].sort()
}

/** How clients ask for OpenAPI v2 in protobuf; the answer's type has a dot for the `@`, which no media type may hold. */
const OPENAPI_PROTOBUF = /application\/com\.github\.proto-openapi\.spec\.v2[.@]v1\.0\+protobuf/
const JSON_TYPE = 'application/json' // whatever else the client would take
const OPENAPI_PROTOBUF_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

function describeSchemas(
  [version, ...rest]: string[],
  accept: string | undefined,
  resources: readonly Resource[],
): Description | undefined {
  if (version === 'v2' && rest.length === 0) {
    if (!OPENAPI_PROTOBUF.test(accept ?? '')) return { value: openApiV2(resources), type: JSON_TYPE }
    return { bytes: OPENAPI_V2_PROTOBUF, type: OPENAPI_PROTOBUF_TYPE }
  }
  if (version !== 'v3') return undefined
  const groupVersion = rest.join('/')
  if (groupVersion === '') return { value: openApiV3Index(resources), type: JSON_TYPE }
  const known = resources.some((one) => openApiPath(one) === groupVersion)
  return known ? { bytes: Buffer.from(openApiV3Document(groupVersion, resources)), type: JSON_TYPE } : undefined
}

/** `api/v1`, `apis/apps/v1`: where the schemas of a resource are. */
function openApiPath({ group, apiVersion }: Resource): string {
  return `${group ? 'apis' : 'api'}/${apiVersion}`
}

function describeGroups(
  core: boolean,
  rest: string[],
  accept: string | undefined,
  resources: readonly Resource[],
  address: string,
): { value: object; type?: string } | undefined {
  const aggregated = aggregatedDiscovery(accept)
  if (rest.length === 0 && aggregated) {
    const type = `application/json;g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`
    return { value: aggregatedList(resources, aggregated, core), type }
  }
  const value = core ? describeCore(rest, resources, address) : describeNamed(rest, resources)
  return value && { value }
}

function describeCore(rest: string[], resources: readonly Resource[], address: string): object | undefined {
  if (rest.length === 0) return coreVersions(address)
  return rest.length === 1 ? resourceList(resources, rest[0] ?? '') : undefined
}

function describeNamed(rest: string[], resources: readonly Resource[]): object | undefined {
  if (rest.length === 0) return groupList(resources)
  if (rest.length === 1) return groupOf(resources, rest[0] ?? '')
  return rest.length === 2 ? resourceList(resources, rest.join('/')) : undefined
}

/**
 * Sends what `describeServer` found.
 * @throws StatusError 406 where the client takes no such answer.
 */
export function sendDescription(response: ServerResponse, description: Description, accept: string | undefined): void {
  if ('bytes' in description) return sendBytes(response, 200, description.bytes, description.type)
  if (description.type !== undefined)
    return sendJson(response, 200, JSON.stringify(description.value), description.type)
  sendValue(response, 200, description.value, answerForm(accept))
}
