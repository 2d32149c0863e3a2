import type { Call } from '../cluster.ts'
import { badRequest, expired } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { isRecord, numberAt, stringAt } from '../objects/fields.ts'
import { present } from '../objects/present.ts'
import { selectionOf } from '../objects/selection.ts'
import { wholeNumber } from './whole-number.ts'

/** One page of a list. */
export interface Page {
  readonly items: ApiObject[]
  readonly metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number }
}

/** Where the next page begins, and the version the first page was read at. */
interface Continuation {
  readonly version: number
  /** `namespace/name` of the last object that was sent. */
  readonly after: string
}

/**
 * GET on a collection. Every page of a list carries the version of the first: pages are read as they are asked for, and
 * a watch from that version brings whatever changed in between.
 */
export function listObjects({ cluster, resource, path, query }: Call): Page {
  checkVersion(query.get('resourceVersion'))
  const from = parseContinue(query.get('continue'))
  const { store } = cluster
  if (from && from.version < store.floor(resource.storageKey)) {
    throw expired('The provided continue parameter is too old to display a consistent list result.')
  }
  const matches = selectionOf(resource, query, path.namespace)
  const after = from?.after
  const rest = store
    .list(resource.storageKey, path.namespace)
    .filter((object) => matches(object) && (after === undefined || placeOf(object) > after))
  const limit = limitOf(query)
  const version = from?.version ?? store.version
  return page(
    rest.map((object) => present(object, resource)),
    limit,
    version,
  )
}

function page(rest: ApiObject[], limit: number, version: number): Page {
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  const metadata = { resourceVersion: String(version) }
  if (!last || items.length === rest.length) return { items, metadata }
  const token = Buffer.from(JSON.stringify({ version, after: placeOf(last) })).toString('base64url')
  return { items, metadata: { ...metadata, continue: token, remainingItemCount: rest.length - items.length } }
}

function placeOf({ metadata: { namespace = '', name } }: ApiObject): string {
  return `${namespace}/${name}`
}

function limitOf(query: URLSearchParams): number {
  const limit = wholeNumber(query, 'limit') ?? 0
  return limit > 0 ? limit : Number.POSITIVE_INFINITY
}

function parseContinue(token: string | null): Continuation | undefined {
  if (token === null || token === '') return undefined
  const value = decodeToken(token)
  const version = numberAt(value, 'version')
  const after = stringAt(value, 'after')
  if (version === undefined || after === undefined)
    throw badRequest('invalid continue token: continue key is not valid')
  return { version, after }
}

function decodeToken(token: string): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString())
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Checks a `resourceVersion` parameter: the store is always current, so any version it could name is served. */
export function checkVersion(value: string | null): number {
  if (value === null || value === '') return 0
  const version = Number(value)
  if (/^\d+$/.test(value) && Number.isSafeInteger(version)) return version
  throw badRequest(`invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(value)}`)
}
