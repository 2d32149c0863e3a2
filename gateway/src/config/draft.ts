/** Where a value came from. */
export type Origin =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'file'; readonly file: string; readonly line: number }

/** The way to a value: field names and list positions. */
export type Path = readonly (string | number)[]

/** An object of a configuration. */
export type Fields = Record<string, unknown>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** How an entry of a list is told from the others. */
type Identity = (entry: Fields) => unknown

/**
 * A configuration under construction: values that nobody has checked yet, and where each of them came from. Sources are
 * written into it from the lowest to the highest; what is written later wins.
 */
export class Draft {
  readonly root: Fields
  readonly #origins: Map<string, Origin>

  /** Takes over what a file says: the object is written to. */
  constructor(root: Fields = {}, origins: ReadonlyMap<string, Origin> = new Map()) {
    this.root = root
    this.#origins = new Map(origins)
  }

  /** The value at a path, or undefined. */
  get(path: Path): unknown {
    let value: unknown = this.root
    for (const part of path) value = child(value, part)
    return value
  }

  /** Sets a value. Where something on the way is no object, nothing is set: the schema will complain about that. */
  set(path: Path, value: unknown, origin: Origin | undefined): void {
    const last = path.at(-1)
    const parent = this.#open(path.slice(0, -1), origin)
    if (last === undefined || parent === undefined) return
    if (Array.isArray(parent) && typeof last === 'number') parent[last] = value
    else if (isFields(parent))
      Object.defineProperty(parent, last, { value, enumerable: true, configurable: true, writable: true })
    else return
    this.#mark(path, value, origin)
  }

  /** Removes a field. */
  delete(path: Path): void {
    const parent = this.get(path.slice(0, -1))
    const last = path.at(-1)
    if (!isFields(parent) || last === undefined) return
    Reflect.deleteProperty(parent, last)
    this.#forget(path)
  }

  /** Writes `value` field by field over what is there; lists are replaced. */
  merge(path: Path, value: unknown, origin: Origin | undefined): void {
    if (!isFields(value) || !isFields(this.get(path))) this.set(path, value, origin)
    else for (const [field, inner] of Object.entries(value)) this.merge([...path, field], inner, origin)
  }

  /**
   * Adds entries to a list. An entry that is there already is replaced as a whole or amended field by field.
   *
   * @returns the positions of the entries that were there already, with their origins
   */
  add(
    path: Path,
    entries: readonly Fields[],
    how: ListRule,
    origin: Origin,
  ): { index: number; earlier: Origin | undefined }[] {
    if (this.get(path) === undefined) this.set(path, [], origin)
    const list = this.get(path)
    if (!Array.isArray(list)) return []
    const met: { index: number; earlier: Origin | undefined }[] = []
    for (const entry of entries) {
      const identity = how.identity(entry)
      const found = list.findIndex((other) => isFields(other) && how.identity(other) === identity)
      const place = [...path, found === -1 ? list.length : found]
      if (found !== -1) met.push({ index: found, earlier: this.originOf(place) })
      if (found === -1 || how.replaces) this.set(place, entry, origin)
      else this.merge(place, entry, origin)
    }
    return met
  }

  /** Where the value at a path came from; undefined for a default. */
  originOf(path: Path): Origin | undefined {
    return this.#origins.get(pointer(path))
  }

  /** The origin of the value, else of the nearest object or list around it that has one. */
  nearestOrigin(path: Path): Origin | undefined {
    for (let length = path.length; length > 0; length--) {
      const origin = this.originOf(path.slice(0, length))
      if (origin !== undefined) return origin
    }
    return undefined
  }

  /** The object or list at a path, made where there is none. */
  #open(path: Path, origin: Origin | undefined): unknown {
    const present = this.get(path)
    if (path.length === 0 || present !== undefined) return present
    this.set(path, {}, origin)
    return this.get(path)
  }

  /** Forgets where the old value came from, and notes it for the new one and everything in it. */
  #mark(path: Path, value: unknown, origin: Origin | undefined): void {
    this.#forget(path)
    if (origin === undefined) return
    for (const at of pathsIn(path, value)) this.#origins.set(pointer(at), origin)
  }

  #forget(path: Path): void {
    const own = pointer(path)
    for (const key of this.#origins.keys()) if (key === own || key.startsWith(`${own}/`)) this.#origins.delete(key)
  }
}

/** How a list takes entries from a higher source. */
export interface ListRule {
  readonly identity: Identity
  readonly replaces: boolean
}

/** A value's own path and those of everything in it. */
export function pathsIn(path: Path, value: unknown): Path[] {
  const inner = Array.isArray(value) ? [...value.entries()] : isFields(value) ? Object.entries(value) : []
  return [path, ...inner.flatMap(([part, child]) => pathsIn([...path, part], child))]
}

/** A path as one string, as RFC 6901 writes it. */
export function pointer(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function child(value: unknown, part: string | number): unknown {
  if (Array.isArray(value)) return typeof part === 'number' ? value[part] : undefined
  return isFields(value) && Object.hasOwn(value, part) ? value[part] : undefined
}
