import type { CallOptions, Kind, KubeClient, List, ListQuery, ObjectRef, Patch, WriteOptions } from '../client.ts'
import { refTo } from '../client.ts'
import { KubeApiError } from '../errors.ts'
import type { KubeObject } from '../objects.ts'
import { watchObjects } from '../watch/watch.ts'
import type { WatchTiming } from '../watch/watch.ts'
import type { Backoff } from './backoff.ts'
import { createDiscovery } from './discovery.ts'
import type { Discovery } from './discovery.ts'
import type { Attempt } from './failures.ts'
import { brokenAnswer, explain, refusal } from './failures.ts'
import { isObjectOf, isRecord, parseJson, textAt } from './json.ts'
import { collectionPath, homePath, objectPath, withQuery } from './paths.ts'
import { callWithRetry } from './retry.ts'
import { readText } from './text.ts'
import type { HttpRequest, HttpStream, Transport } from './transport.ts'

/** What a client over a transport may be told. All optional. */
export interface ApiClientOptions {
  /** Waits between repeated reads. Default 100 ms doubling to 5 s. */
  readonly retry?: Backoff
  /** Waits and silences of watches. */
  readonly watch?: Partial<WatchTiming>
  /** The life of the client: watches end when it aborts. */
  readonly signal?: AbortSignal
}

const CONTENT_TYPE = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

const DEFAULT_LIMIT = 500
const DEFAULT_RETRY: Backoff = { baseMs: 100, maxMs: 5000 }

/** The verbs of the API over any transport: paths, bodies, errors, pages. */
export function createApiClient(transport: Transport, options: ApiClientOptions = {}): KubeClient & Discovery {
  const api = new Api(transport, options.retry ?? DEFAULT_RETRY)
  const discovery = createDiscovery((path, { signal }) => api.json('reading', path, signal))
  const kindOf = (object: KubeObject, signal?: AbortSignal): Promise<Kind> =>
    discovery.kindOf(object.apiVersion, object.kind, { signal })

  async function refOf<T extends KubeObject>(object: T, signal?: AbortSignal): Promise<ObjectRef<T>> {
    // The shape parameter of a kind is a phantom: this kind was found by the object's own apiVersion and kind.
    const { apiVersion, kind, plural, namespaced } = await kindOf(object, signal)
    return refTo<T>({ apiVersion, kind, plural, namespaced }, object.metadata)
  }

  return {
    ...discovery,
    get: async (ref, { signal } = {}) =>
      api.object(ref, { verb: 'get', doing: 'reading' }, { method: 'GET', path: objectPath(ref), signal }),
    list: (query, call) => listPages(api, query, call),
    async create(object, write = {}) {
      const ref = await refOf(object, write.signal)
      const path = withQuery(homePath(ref), writeParams(write))
      return api.object(
        ref,
        { verb: 'create', doing: 'creating' },
        { method: 'POST', path, ...jsonBody(object), signal: write.signal },
      )
    },
    async replace(object, write = {}) {
      const ref = await refOf(object, write.signal)
      const path = withQuery(objectPath(ref, write.subresource), writeParams(write))
      return api.object(
        ref,
        { verb: 'update', doing: 'replacing' },
        { method: 'PUT', path, ...jsonBody(object), signal: write.signal },
      )
    },
    async patch(ref, patch, write = {}) {
      const path = withQuery(objectPath(ref, write.subresource), writeParams(write))
      return api.object(
        ref,
        { verb: 'patch', doing: 'patching' },
        { method: 'PATCH', path, ...jsonBody(patchBody(patch), CONTENT_TYPE[patch.type]), signal: write.signal },
      )
    },
    async apply(object, write = {}) {
      const ref = await refOf(object, write.signal)
      const path = withQuery(objectPath(ref), { ...writeParams(write), force: write.force })
      return api.object(
        ref,
        { verb: 'patch', doing: 'applying' },
        // The type says YAML because JSON is YAML: servers accept JSON under it.
        { method: 'PATCH', path, ...jsonBody(object, CONTENT_TYPE.apply), signal: write.signal },
      )
    },
    async delete(ref, write = {}) {
      const path = withQuery(objectPath(ref), writeParams(write))
      const body = {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        gracePeriodSeconds: write.gracePeriodSeconds,
        propagationPolicy: write.propagationPolicy,
        preconditions: write.preconditions,
        // A server that gets a body ignores the query's dryRun.
        dryRun: write.dryRun === undefined ? undefined : [write.dryRun],
      }
      const request: HttpRequest = { method: 'DELETE', path, ...jsonBody(body), signal: write.signal }
      await api.call(attemptOn(ref, { verb: 'delete', doing: 'deleting' }, request), request)
    },
    watch: (query, { signal } = {}) =>
      watchObjects(
        {
          list: (listSignal) => listPages(api, query, { signal: listSignal }),
          open: (cursor, openSignal) => openWatch(api, query, cursor, openSignal),
          kind: query.kind,
        },
        { ...options.watch, signal: anySignal(signal, options.signal) },
      ),
  }
}

interface Doing {
  /** The verb as RBAC names it. */
  readonly verb: string
  readonly doing: string
}

/** Requests with their errors named. */
class Api {
  readonly transport: Transport
  readonly #backoff: Backoff

  constructor(transport: Transport, backoff: Backoff) {
    this.transport = transport
    this.#backoff = backoff
  }

  /** The text of a good answer. */
  async call(attempt: Attempt, request: HttpRequest): Promise<string> {
    const answer = await callWithRetry(this.transport, request, this.#backoff).catch((error: unknown) => {
      throw explain(attempt, this.transport.server, error)
    })
    if (answer.status >= 400) throw refusal(attempt, answer.status, answer.text)
    return answer.text
  }

  async object<T extends KubeObject>(ref: ObjectRef<T>, doing: Doing, request: HttpRequest): Promise<T> {
    const attempt = attemptOn(ref, doing, request)
    const text = await this.call(attempt, request)
    const value = parseJson(text)
    if (!isObjectOf(ref.kind, value)) throw brokenAnswer(attempt, this.transport.server, text)
    return value
  }

  /** Any document of the API, `path` named as it is. */
  async json(doing: string, path: string, signal?: AbortSignal): Promise<unknown> {
    const request = { method: 'GET', path, signal } as const
    const attempt = { doing: `${doing} ${path}`, asked: `get ${path}`, request: { method: 'GET', path } }
    const text = await this.call(attempt, request)
    const value = parseJson(text)
    if (value === undefined) throw brokenAnswer(attempt, this.transport.server, text)
    return value
  }

  /** A body that streams; an answer of status 400 or above is read to its end and thrown. */
  async open(attempt: Attempt, request: HttpRequest): Promise<HttpStream> {
    try {
      const stream = await this.transport.open(request)
      if (stream.status < 400) return stream
      throw refusal(attempt, stream.status, await readText(stream.chunks))
    } catch (error) {
      throw explain(attempt, this.transport.server, error)
    }
  }
}

/** An object's call as its errors name it: `creating Secret demo/nim-api-key-llama`. */
function attemptOn(ref: ObjectRef, { verb, doing }: Doing, { method, path }: HttpRequest): Attempt {
  const scope = ref.kind.namespaced && ref.namespace !== undefined ? ref.namespace : undefined
  return {
    doing: `${doing} ${ref.kind.kind} ${scope === undefined ? '' : `${scope}/`}${ref.name}`,
    asked: `${verb} ${qualifiedPlural(ref.kind)}${scope === undefined ? '' : ` -n ${scope}`}`,
    request: { method, path },
  }
}

/** A collection's call as its errors name it: `listing secrets in demo`. */
function attemptOnAll({ kind, namespace }: ListQuery, { verb, doing }: Doing, { method, path }: HttpRequest): Attempt {
  const scope = kind.namespaced ? (namespace ?? '') : undefined
  return {
    doing: `${doing} ${kind.plural}${scope === undefined ? '' : ` in ${scope === '' ? 'all namespaces' : scope}`}`,
    asked: `${verb} ${qualifiedPlural(kind)}${scope === undefined ? '' : scope === '' ? ' -A' : ` -n ${scope}`}`,
    request: { method, path },
  }
}

/** `secrets`, `inferenceservices.serving.kserve.io`. */
function qualifiedPlural({ apiVersion, plural }: Kind): string {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return group === '' ? plural : `${plural}.${group}`
}

/** The whole list, page by page. */
async function listPages<T extends KubeObject>(
  api: Api,
  query: ListQuery<T>,
  call: CallOptions = {},
): Promise<List<T>> {
  const items: T[] = []
  let limit: number | undefined = query.limit ?? DEFAULT_LIMIT
  let token: string | undefined
  for (;;) {
    const page = await listPage(api, query, { limit, continue: token }, call.signal)
    if (page === 'expired') {
      // The snapshot behind the token is gone. The second time there is no second page that could expire.
      items.length = 0
      limit = undefined
      token = undefined
      continue
    }
    items.push(...page.items)
    if (page.continue === undefined) return { items, resourceVersion: page.resourceVersion }
    token = page.continue
  }
}

type Page<T> = { items: T[]; resourceVersion: string; continue: string | undefined } | 'expired'

async function listPage<T extends KubeObject>(
  api: Api,
  query: ListQuery<T>,
  page: { limit: number | undefined; continue: string | undefined },
  signal: AbortSignal | undefined,
): Promise<Page<T>> {
  const path = withQuery(collectionPath(query.kind, query.namespace), { ...selectors(query), ...page })
  const request = { method: 'GET', path, signal } as const
  const attempt = attemptOnAll(query, { verb: 'list', doing: 'listing' }, request)
  try {
    const text = await api.call(attempt, request)
    return parsePage(query.kind, parseJson(text)) ?? fail(brokenAnswer(attempt, api.transport.server, text))
  } catch (error) {
    if (page.continue !== undefined && error instanceof KubeApiError && error.status === 410) return 'expired'
    throw error
  }
}

function parsePage<T extends KubeObject>(kind: Kind<T>, value: unknown): Exclude<Page<T>, 'expired'> | undefined {
  if (!isRecord(value) || !(value['items'] === null || Array.isArray(value['items']))) return undefined
  const items: unknown[] = value['items'] ?? []
  const token = textAt(value, 'metadata', 'continue')
  return {
    items: items.map((item) => completeItem(kind, item)).filter((item) => isObjectOf(kind, item)),
    resourceVersion: textAt(value, 'metadata', 'resourceVersion') ?? '',
    continue: token === '' ? undefined : token,
  }
}

/** Items of built-in kinds come without `apiVersion` and `kind`: the list says them once. */
function completeItem({ apiVersion, kind }: Kind, item: unknown): unknown {
  return isRecord(item) ? { apiVersion, kind, ...item } : item
}

function openWatch<T extends KubeObject>(
  api: Api,
  query: ListQuery<T>,
  cursor: { resourceVersion: string; timeoutSeconds: number },
  signal: AbortSignal,
): Promise<HttpStream> {
  const params = { ...selectors(query), watch: true, allowWatchBookmarks: true, ...cursor }
  const request = {
    method: 'GET',
    path: withQuery(collectionPath(query.kind, query.namespace), params),
    signal,
  } as const
  return api.open(attemptOnAll(query, { verb: 'watch', doing: 'watching' }, request), request)
}

function selectors({ labelSelector, fieldSelector }: ListQuery): Record<string, string | undefined> {
  return { labelSelector, fieldSelector }
}

function writeParams({ dryRun, fieldManager }: WriteOptions): Record<string, string | undefined> {
  return { dryRun, fieldManager }
}

function jsonBody(value: unknown, contentType = 'application/json'): Pick<HttpRequest, 'headers' | 'body'> {
  return { headers: { 'content-type': contentType }, body: JSON.stringify(value) }
}

function patchBody(patch: Patch): unknown {
  return patch.type === 'json' ? patch.operations : patch.body
}

function anySignal(...signals: (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((signal) => signal !== undefined)
  return given.length < 2 ? given[0] : AbortSignal.any(given)
}

function fail(error: Error): never {
  throw error
}
