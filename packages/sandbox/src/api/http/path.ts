import { badRequest } from '../errors.ts'

/** What the path of a request for objects names. */
export interface ObjectPath {
  readonly group: string
  readonly version: string
  readonly plural: string
  /** Empty for cluster-scoped resources and for all namespaces. */
  readonly namespace: string
  /** Empty for the collection. */
  readonly name: string
  /** `status`, `log`, …; empty for the object itself. */
  readonly subresource: string
}

/** The subresources of a namespace; any other word after its name is a resource in it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw badRequest(`invalid path segment ${segment}`)
  }
}

/** The segments of a path, decoded, without empty ones at the end. */
export function segmentsOf(pathname: string): string[] {
  const segments = pathname.split('/').slice(1)
  while (segments.at(-1) === '') segments.pop()
  return segments.map((segment) => decode(segment))
}

/**
 * Reads `/api/v1/namespaces/demo/pods/llama/log` and its like. Undefined where the path names no resource: discovery,
 * or nothing at all.
 * @throws StatusError 400 for `..`: whoever sends it as a name must not be led to what stands above.
 */
export function parseObjectPath(pathname: string): ObjectPath | undefined {
  const segments = segmentsOf(pathname)
  const dots = segments.find((segment) => segment === '.' || segment === '..')
  if (dots !== undefined) throw badRequest(`Name parameter invalid: "${dots}": may not be '${dots}'`)
  if (segments.includes('')) return undefined
  const [root, ...rest] = segments
  if (root === 'api') return inVersion('', rest[0], rest.slice(1))
  if (root === 'apis') return inVersion(rest[0] ?? '', rest[1], rest.slice(2))
  return undefined
}

function inVersion(group: string, version: string | undefined, rest: string[]): ObjectPath | undefined {
  const [first, second, third, ...more] = rest
  if (version === undefined || first === undefined) return undefined
  const namespaced = first === 'namespaces' && third !== undefined && !NAMESPACE_SUBRESOURCES.has(third)
  if (!namespaced) return inScope({ group, version, namespace: '' }, rest)
  return inScope({ group, version, namespace: second ?? '' }, [third, ...more])
}

function inScope(scope: { group: string; version: string; namespace: string }, rest: string[]): ObjectPath | undefined {
  const [plural, name = '', subresource = '', ...extra] = rest
  return plural === undefined || extra.length > 0 ? undefined : { ...scope, plural, name, subresource }
}
