import type { Call } from '../cluster.ts'
import { badRequest, expired } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { present } from '../objects/present.ts'
import { selectionOf } from '../objects/selection.ts'
import { encodeContinue, parseContinue } from './continue-token.ts'
import type { Continuation } from './continue-token.ts'
import { checkListOptions } from './list-options.ts'
import { requireObject } from './update.ts'
import { checkNotAhead, parseListVersion, parseVersion } from './versions.ts'
import { wholeNumber } from './whole-number.ts'

/** One page of a list. */
export interface Page {
  readonly items: ApiObject[]
  readonly metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number }
}

/** GET on one object: its present state, which must be as new as the version that is asked for. */
export function getObject(call: Call): ApiObject {
  checkNotAhead(parseVersion(call.query.get('resourceVersion')), call.cluster.store.version)
  return present(requireObject(call), call.resource)
}

/**
 * GET on a collection. Every page of a list shows the state at the version of the first, as long as the store remembers
 * what has changed since.
 */
export function listObjects(call: Call): Page {
  const { resource, path, query } = call
  checkListOptions(query, false)
  const from = parseContinue(query.get('continue'))
  const version = versionOfList(call, from)
  const matches = selectionOf(resource, query, path.namespace)
  const objects = objectsAt(call, version, from)
  const rest = objects.filter((object) => matches(object) && (!from || placeIn(path.namespace, object) > from.after))
  const isSelected = Boolean(query.get('labelSelector')) || Boolean(query.get('fieldSelector'))
  const shown = rest.map((object) => present(object, resource))
  return page(shown, limitOf(query), { version, namespace: path.namespace, isSelected })
}

/** The version whose state is listed: that of the first page, the one that is asked for exactly, or the present one. */
function versionOfList({ cluster: { store }, query }: Call, from: Continuation | undefined): number {
  const asked = query.get('resourceVersion')
  const version = parseListVersion(asked)
  if (from && asked && version !== 0) throw badRequest('specifying resource version is not allowed when using continue')
  if (from) return from.version < 0 ? store.version : from.version
  checkNotAhead(version, store.version)
  const match = query.get('resourceVersionMatch')
  // A limit without a match reads at the version itself, as it always did.
  const isExact = match === 'Exact' || (!match && version > 0 && limitOf(query) < Number.POSITIVE_INFINITY)
  return isExact ? version : store.version
}

function objectsAt({ cluster: { store }, resource, path }: Call, version: number, from?: Continuation): ApiObject[] {
  const objects = store.listAt(resource.storageKey, path.namespace, version)
  if (objects) return objects
  if (!from) throw expired('The resourceVersion for the provided list is too old.')
  const again = encodeContinue({ version: -1, after: from.after })
  throw expired(TOO_OLD_TO_CONTINUE, { continue: again })
}

const TOO_OLD_TO_CONTINUE =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted ' +
  'between the time the first chunk was returned and now may show up in the list.'

interface PageOf {
  readonly version: number
  readonly namespace: string
  /** The API server does not count what remains of a selection. */
  readonly isSelected: boolean
}

function page(rest: ApiObject[], limit: number, { version, namespace, isSelected }: PageOf): Page {
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  const metadata = { resourceVersion: String(version) }
  if (!last || items.length === rest.length) return { items, metadata }
  const token = encodeContinue({ version, after: placeIn(namespace, last) })
  const remaining = isSelected ? {} : { remainingItemCount: rest.length - items.length }
  return { items, metadata: { ...metadata, continue: token, ...remaining } }
}

/** The name of an object, behind its namespace in a list of all namespaces. */
function placeIn(listed: string, { metadata: { namespace = '', name } }: ApiObject): string {
  return listed === '' && namespace !== '' ? `${namespace}/${name}` : name
}

function limitOf(query: URLSearchParams): number {
  const limit = wholeNumber(query, 'limit') ?? 0
  return limit > 0 ? limit : Number.POSITIVE_INFINITY
}
