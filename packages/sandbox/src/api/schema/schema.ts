/**
 * The shape of one value in an object. One description serves all who ask: validation and pruning, strategic merge and
 * server-side apply, OpenAPI.
 */
export type Schema = ScalarSchema | StructSchema | MapSchema | ListSchema | AnySchema

/** A value without parts. `quantity` and `int-or-string` travel as a string or a number. */
export interface ScalarSchema {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'quantity' | 'int-or-string'
  /** As in OpenAPI: `int32`, `date-time`, `byte`. */
  readonly format?: string
}

/** An object with named fields. */
export interface StructSchema {
  readonly type: 'struct'
  readonly fields: Readonly<Record<string, Schema>>
  /** Has one owner as a whole. Default false: each field has its own. */
  readonly atomic?: boolean
  /** Keeps fields that are not listed. Default false. */
  readonly preservesUnknown?: boolean
}

/** An object whose field names are data: labels, the keys of a ConfigMap. */
export interface MapSchema {
  readonly type: 'map'
  readonly values: Schema
  /** Has one owner as a whole. Default false. */
  readonly atomic?: boolean
}

export interface ListSchema {
  readonly type: 'list'
  readonly items: Schema
  /** Who owns what (`x-kubernetes-list-type`): the list as a whole, each scalar, or each object that `keys` tell apart. */
  readonly listType: 'atomic' | 'set' | 'map'
  /** The fields that make an item of a `map` list the same item. */
  readonly keys?: readonly string[]
  /** How a strategic merge patch tells items apart; undefined where it replaces the list. */
  readonly mergeKey?: string
  /** Whether a strategic merge patch adds to the list of scalars. Default false. */
  readonly mergesScalars?: boolean
}

/** Anything: JSON that the server keeps as it is. Has one owner as a whole. */
export interface AnySchema {
  readonly type: 'any'
}
