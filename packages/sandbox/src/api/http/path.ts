import { badRequest } from '../errors.ts'

/** A version of an API group; the core group's name is empty. */
export interface ApiVersion {
  readonly group: string
  readonly version: string
}

/** What the path of a request for objects names. */
export interface ObjectPath extends ApiVersion {
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

function decode(pathname: string): string {
  try {
    return decodeURIComponent(pathname)
  } catch {
    throw badRequest('the path is not UTF-8 in percent-encoding')
  }
}

/** The segments of a path, without empty ones at the end. Decoded first, as kube-apiserver does: `%2f` is a slash. */
export function segmentsOf(pathname: string): string[] {
  const segments = decode(pathname).split('/').slice(1)
  while (segments.at(-1) === '') segments.pop()
  return segments
}

/**
 * Reads `/api/v1/namespaces/demo/pods/llama/log` and its like. Undefined where the path names no resource: discovery,
 * or nothing at all. `..` is a name like any other here, and never leads to what stands above.
 */
export function parseObjectPath(pathname: string): ObjectPath | undefined {
  const [root, ...rest] = segmentsOf(pathname)
  if (root === 'api') return inVersion('', rest[0], rest.slice(1))
  if (root === 'apis') return inVersion(rest[0] ?? '', rest[1], rest.slice(2))
  return undefined
}

function inVersion(group: string, version: string | undefined, rest: string[]): ObjectPath | undefined {
  const [first, second, third, ...more] = rest
  if (!version || first === undefined) return undefined
  const namespaced = first === 'namespaces' && third !== undefined && !NAMESPACE_SUBRESOURCES.has(third)
  if (!namespaced) return inScope({ group, version, namespace: '' }, rest)
  return inScope({ group, version, namespace: second ?? '' }, [third, ...more])
}

function inScope(scope: { group: string; version: string; namespace: string }, rest: string[]): ObjectPath | undefined {
  const [plural, name = '', subresource = '', ...extra] = rest
  if (!plural || extra.length > 0 || (name === '' && subresource !== '')) return undefined
  return { ...scope, plural, name, subresource }
}

/** The API version that a path leads into, whatever stands behind it. */
export function versionAt(pathname: string): ApiVersion {
  const [root, first = '', second = ''] = segmentsOf(pathname)
  if (root === 'api') return { group: '', version: first }
  return root === 'apis' ? { group: first, version: second } : { group: '', version: '' }
}

/** @throws StatusError 400 for a name that a client may have meant as a way up. */
export function checkName({ name }: ObjectPath): void {
  if (name === '.' || name === '..') throw badRequest(`Name parameter invalid: "${name}": may not be '${name}'`)
}
