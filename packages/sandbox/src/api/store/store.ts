import { objectTooLarge } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { Database } from './database.ts'
import { History } from './history.ts'
import type { Change } from './history.ts'

type Listener = (change: Change) => void

/** The objects of one resource. */
interface Shelf {
  readonly objects: Map<string, ApiObject>
  readonly history: History
  readonly listeners: Set<Listener>
  /** The keys in list order; undefined after a key came or went. */
  order: string[] | undefined
}

const encoded = new WeakMap<ApiObject, string>()

/** The JSON of a stored object, made once however many watchers and lists send it. */
export function encode(object: ApiObject): string {
  const known = encoded.get(object)
  if (known !== undefined) return known
  const json = JSON.stringify(object)
  encoded.set(object, json)
  return json
}

/** etcd's `--max-request-bytes`, which is the largest object that an API server can store. */
const MAX_OBJECT_BYTES = 1.5 * 1024 * 1024

function isTooLarge(json: string): boolean {
  // No character takes more than three bytes: the bytes of small objects need not be counted.
  return json.length * 3 > MAX_OBJECT_BYTES && Buffer.byteLength(json) > MAX_OBJECT_BYTES
}

function keyOf({ metadata: { namespace = '', name } }: ApiObject): string {
  // The order of etcd's keys: "/" sorts before any letter a name can have except "-" and ".".
  return `${namespace}/${name}`
}

function withVersion(object: ApiObject, version: number): ApiObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
}

/**
 * Every object, parsed, in memory; the database is its durable log. Reading never touches the disk; a write is on disk
 * before it is seen. Stored objects are shared and never changed: writers put a new object in place of the old one.
 */
export class ObjectStore {
  readonly database: Database
  readonly #shelves = new Map<string, Shelf>()
  #version: number

  constructor(file: string) {
    this.database = new Database(file)
    this.#version = this.database.version()
    try {
      for (const { key, object } of this.database.load()) this.#shelf(key).objects.set(keyOf(object), object)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** The version of the last change of any object. */
  get version(): number {
    return this.#version
  }

  get(key: string, namespace: string, name: string): ApiObject | undefined {
    return this.#shelf(key).objects.get(`${namespace}/${name}`)
  }

  /** The objects of one resource, sorted by namespace and name; of every namespace when `namespace` is empty. */
  list(key: string, namespace = ''): ApiObject[] {
    const shelf = this.#shelf(key)
    shelf.order ??= [...shelf.objects.keys()].sort()
    const keys = namespace ? shelf.order.filter((one) => one.startsWith(`${namespace}/`)) : shelf.order
    return keys.flatMap((one) => shelf.objects.get(one) ?? [])
  }

  /**
   * The objects as they were at `version`, sorted like those of `list`; undefined where changes since then are forgotten.
   */
  listAt(key: string, namespace: string, version: number): ApiObject[] | undefined {
    const changes = this.since(key, version)
    if (changes?.length === 0) return this.list(key, namespace)
    if (!changes) return undefined
    const then = new Map(this.list(key, namespace).map((object) => [keyOf(object), object]))
    for (const { object, previous } of changes.toReversed()) {
      if (namespace && object.metadata.namespace !== namespace) continue
      if (previous) then.set(keyOf(object), previous)
      else then.delete(keyOf(object))
    }
    return [...then.keys()].sort().flatMap((one) => then.get(one) ?? [])
  }

  /** Puts a new object, or a new state of one, in its place and returns it with its `resourceVersion`. */
  put(key: string, object: ApiObject): ApiObject {
    const shelf = this.#shelf(key)
    const previous = shelf.objects.get(keyOf(object))
    const stored = this.#commit(key, object, 'put')
    if (!previous) shelf.order = undefined
    shelf.objects.set(keyOf(stored), stored)
    const change = { version: this.#version, object: stored }
    this.#publish(shelf, previous ? { type: 'MODIFIED', ...change, previous } : { type: 'ADDED', ...change })
    return stored
  }

  /**
   * Removes an object and returns `object` with the version of the removal. Watches are told the state that was stored
   * last, whatever the removing write would have made of it.
   */
  remove(key: string, object: ApiObject): ApiObject {
    const shelf = this.#shelf(key)
    const previous = shelf.objects.get(keyOf(object)) ?? object
    const removed = this.#commit(key, object, 'remove')
    shelf.order = undefined
    shelf.objects.delete(keyOf(object))
    const last = withVersion(previous, this.#version)
    this.#publish(shelf, { type: 'DELETED', version: this.#version, object: last, previous })
    return removed
  }

  /** Calls `listener` for each later change of the resource, until the returned function is called. */
  subscribe(key: string, listener: Listener): () => void {
    const { listeners } = this.#shelf(key)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** The changes after `version`, or undefined where some of them are forgotten. */
  since(key: string, version: number): readonly Change[] | undefined {
    return this.#shelf(key).history.since(version)
  }

  /** The oldest version from which a watch can start. */
  floor(key: string): number {
    return this.#shelf(key).history.floor
  }

  close(): void {
    this.database.close()
  }

  #commit(key: string, object: ApiObject, what: 'put' | 'remove'): ApiObject {
    const version = this.#version + 1
    const stored = withVersion(object, version)
    const { namespace = '', name } = object.metadata
    const body = what === 'put' ? encode(stored) : undefined
    if (body !== undefined && isTooLarge(body)) throw objectTooLarge()
    this.database.commit({ key, namespace, name, body, version })
    this.#version = version
    return stored
  }

  #publish(shelf: Shelf, change: Change): void {
    shelf.history.add(change, encode(change.object).length)
    for (const listener of shelf.listeners) listener(change)
  }

  #shelf(key: string): Shelf {
    let shelf = this.#shelves.get(key)
    if (!shelf) {
      // Watches look back to here: what was before, a resource that is new to the store does not remember.
      shelf = { objects: new Map(), history: new History(this.#version), listeners: new Set(), order: undefined }
      this.#shelves.set(key, shelf)
    }
    return shelf
  }
}
