import { KubeApiError, knownKind, refTo, watchObjects } from '@nexus/kube'
import type { CallOptions, Kind, KubeClient, KubeObject, List, ListQuery, ObjectRef, Patch } from '@nexus/kube'
import type { WatchSource, WriteOptions } from '@nexus/kube'
import { fieldOf, requireNoFailure, toKubeApiError } from './sdk-errors.ts'
import type { SdkModel, SdkOptions, SdkQueryOptions, SdkUtils } from './sdk.ts'

/**
 * A client of the Kubernetes API over the functions that a dashboard's plugin has. What those lack (patches of other types
 * than JSON, server-side apply, a watch that is pulled) goes through the SDK's fetch to the address it would use itself.
 */
export function createSdkKubeClient(sdk: SdkUtils): KubeClient {
  const calls = new SdkCalls(sdk)
  return {
    get: (ref, options) => calls.object(ref, 'GET', options, (sent) => sdk.k8sGetResource(sent)),
    list: (query, options) => calls.list(query, options),
    create: (object, options) =>
      calls.object(refOf(object), 'POST', options, (sent) =>
        sdk.k8sCreateResource({ ...sent, queryOptions: withoutName(sent.queryOptions), resource: object }),
      ),
    replace: (object, options) =>
      calls.object(refOf(object), 'PUT', options, (sent) => sdk.k8sUpdateResource({ ...sent, resource: object })),
    patch: (ref, patch, options) => calls.patch(ref, patch, options),
    apply: (object, options = {}) =>
      calls.send(refOf(object), { ...options, type: 'application/apply-patch+yaml', body: object }),
    async delete(ref, { gracePeriodSeconds, propagationPolicy, preconditions, dryRun, ...options } = {}) {
      const payload = {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        gracePeriodSeconds,
        propagationPolicy,
        preconditions,
        // A server that gets a body ignores the query's dryRun.
        dryRun: dryRun === undefined ? undefined : [dryRun],
      }
      await calls.ask(ref, 'DELETE', options, (sent) => sdk.k8sDeleteResource({ ...sent, payload }))
    },
    watch: (query, options) => watchObjects(calls.watchSource(query), { signal: options?.signal }),
  }
}

type Write = WriteOptions & { readonly subresource?: string | undefined; readonly force?: boolean | undefined }

class SdkCalls {
  readonly #sdk: SdkUtils

  constructor(sdk: SdkUtils) {
    this.#sdk = sdk
  }

  async ask(
    ref: ObjectRef,
    method: string,
    options: Write = {},
    call: (sent: SdkOptions) => Promise<unknown>,
  ): Promise<unknown> {
    const queryOptions = queryOf(ref, options)
    const request = { method, path: this.#sdk.getK8sResourceURL(modelOf(ref.kind), undefined, queryOptions) }
    options.signal?.throwIfAborted()
    try {
      return requireNoFailure(await call(sentOptions(ref.kind, queryOptions, options)), request)
    } catch (thrown) {
      throw toKubeApiError(thrown, request, options.signal)
    }
  }

  async object<T extends KubeObject>(
    ref: ObjectRef<T>,
    method: string,
    options: Write | undefined,
    call: (sent: SdkOptions) => Promise<unknown>,
  ): Promise<T> {
    return requireObject(ref.kind, await this.ask(ref, method, options, call), method)
  }

  patch<T extends KubeObject>(ref: ObjectRef<T>, patch: Patch, options: Write = {}): Promise<T> {
    if (patch.type !== 'json') {
      return this.send(ref, { ...options, type: PATCH_TYPES[patch.type], body: patch.body })
    }
    const patches = [...patch.operations]
    return this.object(ref, 'PATCH', options, (sent) => this.#sdk.k8sPatchResource({ ...sent, patches }))
  }

  /** A patch that the SDK has no function for. */
  send<T extends KubeObject>(ref: ObjectRef<T>, options: Write & { type: string; body: unknown }): Promise<T> {
    return this.object(ref, 'PATCH', options, async ({ model, queryOptions = {}, fetchOptions }) => {
      const url = this.#sdk.getK8sResourceURL(model, undefined, queryOptions)
      const headers = { 'content-type': options.type, accept: 'application/json' }
      const body = JSON.stringify(options.body)
      const answer = await this.#sdk.commonFetch(url, { ...fetchOptions?.requestInit, method: 'PATCH', headers, body })
      return answer.json()
    })
  }

  async list<T extends KubeObject>(query: ListQuery<T>, options?: CallOptions): Promise<List<T>> {
    const items: T[] = []
    let token: string | undefined
    for (;;) {
      const page = await this.#page(query, token, options)
      items.push(...page.items)
      if (page.token === '') return { items, resourceVersion: page.resourceVersion }
      token = page.token
    }
  }

  async #page<T extends KubeObject>(
    query: ListQuery<T>,
    token: string | undefined,
    { signal }: CallOptions = {},
  ): Promise<List<T> & { token: string }> {
    const { kind, namespace } = query
    const queryParams = paramsOf({ ...selectors(query), limit: query.limit ?? 500, continue: token })
    const queryOptions = { ...inNamespace(namespace), queryParams }
    const path = this.#sdk.getK8sResourceURL(modelOf(kind), undefined, queryOptions)
    const request = { method: 'GET', path }
    signal?.throwIfAborted()
    try {
      const answer = await this.#sdk.k8sListResource(sentOptions(kind, queryOptions, { signal }))
      const value = requireNoFailure(answer, request)
      const found = fieldOf(value, 'items')
      const items: unknown[] = Array.isArray(found) ? found : []
      return {
        items: items.map((item) => requireObject(kind, completed(kind, item), 'GET')),
        resourceVersion: metadataText(value, 'resourceVersion'),
        token: metadataText(value, 'continue'),
      }
    } catch (thrown) {
      throw toKubeApiError(thrown, request, signal)
    }
  }

  watchSource<T extends KubeObject>(query: ListQuery<T>): WatchSource<T> {
    const { kind, namespace } = query
    return {
      kind,
      list: (signal) => this.list(query, { signal }),
      open: async ({ resourceVersion, timeoutSeconds }, signal) => {
        const watch = { watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds }
        const queryParams = paramsOf({ ...selectors(query), ...watch })
        const path = this.#sdk.getK8sResourceURL(modelOf(kind), undefined, { ...inNamespace(namespace), queryParams })
        try {
          const { status, headers, body } = await this.#sdk.commonFetch(path, { method: 'GET', signal }, -1)
          return { status, header: (name) => headers.get(name) ?? undefined, chunks: body ?? emptyBody() }
        } catch (thrown) {
          throw toKubeApiError(thrown, { method: 'GET', path }, signal)
        }
      },
    }
  }
}

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const

function sentOptions(kind: Kind, queryOptions: SdkQueryOptions, { signal }: CallOptions): SdkOptions {
  const requestInit = signal === undefined ? {} : { signal }
  return { model: modelOf(kind), queryOptions, fetchOptions: { requestInit } }
}

function queryOf({ kind, name, namespace }: ObjectRef, options: Write): SdkQueryOptions {
  const { dryRun, fieldManager, force, subresource } = options
  const queryParams = paramsOf({ dryRun, fieldManager, force })
  const place = inNamespace(kind.namespaced ? namespace : undefined)
  return { name, ...place, ...(subresource !== undefined && { path: subresource }), queryParams }
}

function selectors({ labelSelector, fieldSelector }: ListQuery): Record<string, string | undefined> {
  return { labelSelector, fieldSelector }
}

/** Parameters of a query as text, without those that are undefined. */
function paramsOf(fields: Readonly<Record<string, string | number | boolean | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  )
}

function inNamespace(ns: string | undefined): { ns?: string } {
  return ns === undefined ? {} : { ns }
}

function modelOf({ apiVersion, kind, plural, namespaced }: Kind): SdkModel {
  const [group, version] = apiVersion.split('/')
  if (version === undefined) return { apiVersion, kind, plural, namespaced }
  return { apiGroup: group ?? '', apiVersion: version, kind, plural, namespaced }
}

/** A new object's address is its collection's. */
function withoutName({ ns, queryParams }: SdkQueryOptions = {}): SdkQueryOptions {
  return { ...inNamespace(ns), ...(queryParams !== undefined && { queryParams }) }
}

function metadataText(list: unknown, field: string): string {
  const found = fieldOf(fieldOf(list, 'metadata'), field)
  return typeof found === 'string' ? found : ''
}

/** Objects of a list come without their kind. */
function completed({ apiVersion, kind }: Kind, item: unknown): unknown {
  return typeof item === 'object' && item !== null ? { ...item, apiVersion, kind } : item
}

function requireObject<T extends KubeObject>(kind: Kind<T>, value: unknown, method: string): T {
  if (isObjectOf(kind, value)) return value
  const answer = { status: 0, reason: 'Unreachable', request: { method, path: kind.plural } }
  throw new KubeApiError('NEXUS_KUBE_UNREACHABLE', `${method} ${kind.plural}: the answer is no ${kind.kind}`, answer)
}

/** Its shape beyond that is taken on trust: the server has validated it against the kind's schema. */
function isObjectOf<T extends KubeObject>(kind: Kind<T>, value: unknown): value is T {
  return fieldOf(value, 'kind') === kind.kind && typeof fieldOf(value, 'metadata') === 'object'
}

function refOf<T extends KubeObject>(object: T): ObjectRef<T> {
  const kind = knownKind(object.apiVersion, object.kind)
  if (kind === undefined) throw new TypeError(`This client creates no ${object.apiVersion} ${object.kind}`)
  const { shape: _, ...rest } = kind
  return refTo(rest, object.metadata)
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}
