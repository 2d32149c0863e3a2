import type { KubeObject, ObjectMeta } from './objects.ts'

/** A resource of the API: what a URL is made of. `T` is the shape of its objects. */
export interface Kind<T extends KubeObject = KubeObject> {
  readonly apiVersion: string
  readonly kind: string
  /** The last path segment, e.g. `inferenceservices`. */
  readonly plural: string
  readonly namespaced: boolean
  /** Never set: it only carries `T`. */
  readonly shape?: T
}

/** One object by name. `namespace` is left out for cluster-scoped kinds, or where `withNamespace` fills it in. */
export interface ObjectRef<T extends KubeObject = KubeObject> {
  readonly kind: Kind<T>
  readonly name: string
  readonly namespace?: string | undefined
}

/** Objects of one kind. */
export interface ListQuery<T extends KubeObject = KubeObject> {
  readonly kind: Kind<T>
  /** Every namespace when left out. */
  readonly namespace?: string | undefined
  /** `app=llama,tier!=cache`, the API's own syntax. */
  readonly labelSelector?: string | undefined
  /** `metadata.name=llama`, the API's own syntax. */
  readonly fieldSelector?: string | undefined
  /** Objects a page holds; `list` follows `continue` tokens itself. Default 500. */
  readonly limit?: number | undefined
}

export interface List<T extends KubeObject = KubeObject> {
  readonly items: T[]
  /** Where a watch can start to miss nothing after this list. */
  readonly resourceVersion: string
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface WriteOptions extends CallOptions {
  /** The server does everything but persist. */
  readonly dryRun?: 'All' | undefined
  /** Who is named in `metadata.managedFields`. */
  readonly fieldManager?: string | undefined
}

export interface ApplyOptions extends WriteOptions {
  /** Take over fields that another manager owns (only for server-side apply). Default false: a 409 names the owners. */
  readonly force?: boolean | undefined
}

export interface DeleteOptions extends WriteOptions {
  /** Seconds a pod gets to end by itself; 0 removes it at once. Default: what the object says. */
  readonly gracePeriodSeconds?: number | undefined
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined
  /** Refuse with 409 unless the object still has this identity. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined
}

export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly path: string; readonly from: string }

/** A change to one object, by one of the API's patch types. */
export type Patch =
  | { readonly type: 'json'; readonly operations: readonly JsonPatchOperation[] }
  | { readonly type: 'merge'; readonly body: object }
  | { readonly type: 'strategic'; readonly body: object }

/** The parts of an object with endpoints of their own. */
export type Subresource = 'status' | 'scale' | 'finalize'

export type WatchEvent<T extends KubeObject = KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Everything that existed has been delivered; again after each re-list. */
  | { readonly type: 'SYNCED'; readonly resourceVersion: string }

/**
 * The Kubernetes API as plain objects. Every method rejects with `KubeApiError` when the server answers with an error or
 * cannot be reached. Modes are wrappers of this interface: `withDryRun`, `withNamespace`, `withFieldManager`.
 */
export interface KubeClient {
  get<T extends KubeObject>(ref: ObjectRef<T>, options?: CallOptions): Promise<T>
  list<T extends KubeObject>(query: ListQuery<T>, options?: CallOptions): Promise<List<T>>
  create<T extends KubeObject>(object: T, options?: WriteOptions): Promise<T>
  /** PUT: conflicts with 409 when `metadata.resourceVersion` is set and no longer current. */
  replace<T extends KubeObject>(object: T, options?: WriteOptions & { subresource?: Subresource }): Promise<T>
  patch<T extends KubeObject>(
    ref: ObjectRef<T>,
    patch: Patch,
    options?: WriteOptions & { subresource?: Subresource },
  ): Promise<T>
  /** Server-side apply; needs a field manager, here or by `withFieldManager`. */
  apply<T extends KubeObject>(object: T, options?: ApplyOptions): Promise<T>
  /** Resolves when the server has accepted the deletion; an object with finalizers may still be there. */
  delete<T extends KubeObject>(ref: ObjectRef<T>, options?: DeleteOptions): Promise<void>
  /**
   * Everything that exists as `ADDED`, then `SYNCED`, then each change until `signal` aborts or the loop is left.
   * Reconnects after cuts, silence and 410 by itself; what vanished in between is delivered as `DELETED`.
   * Rejects only where no retry can help (401, 403, 404 of the resource).
   */
  watch<T extends KubeObject>(query: ListQuery<T>, options?: CallOptions): AsyncIterable<WatchEvent<T>>
}

/** `metadata` as far as a reference needs it. */
type Named = Pick<ObjectMeta, 'name' | 'namespace'>

/** The reference of an object by its kind: `refTo(Kinds.Secret, { name: 'nim-api-key-llama', namespace: 'demo' })`. */
export function refTo<T extends KubeObject>(kind: Kind<T>, { name, namespace }: Named): ObjectRef<T> {
  return namespace === undefined ? { kind, name } : { kind, name, namespace }
}
