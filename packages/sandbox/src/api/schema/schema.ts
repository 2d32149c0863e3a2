/**
 * The shape of one value in an object. One description serves all who ask: validation and pruning, strategic merge and
 * server-side apply, OpenAPI.
 */
export type Schema = ScalarSchema | StructSchema | MapSchema | ListSchema | AnySchema

interface Optional {
  /** What stands for the value where it is left out: `TCP` for the protocol of a port. */
  readonly default?: unknown
  /** Of custom resources: whether it may be null. Default false: null is left out. */
  readonly nullable?: boolean
}

/** A value without parts. `quantity` and `int-or-string` travel as a string or a number. */
export interface ScalarSchema extends Optional {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'quantity' | 'int-or-string'
  /** As in OpenAPI: `int32`, `date-time`, `byte`. */
  readonly format?: string
}

/** An object with named fields. */
export interface StructSchema extends Optional {
  readonly type: 'struct'
  /** Of a built-in kind: the name of its type, `apps.v1.DeploymentSpec`. */
  readonly name?: string
  readonly fields: Readonly<Record<string, Schema>>
  /** The fields that must be there. */
  readonly required?: readonly string[]
  /** Has one owner as a whole. Default false: each field has its own. */
  readonly atomic?: boolean
  /** Whether a strategic merge patch drops the fields that it does not name (`retainKeys`). Default false. */
  readonly retainsKeys?: boolean
  /** Keeps fields that are not listed. Default false. */
  readonly preservesUnknown?: boolean
}

/** An object whose field names are data: labels, the keys of a ConfigMap. */
export interface MapSchema extends Optional {
  readonly type: 'map'
  readonly values: Schema
  /** Has one owner as a whole. Default false. */
  readonly atomic?: boolean
}

export interface ListSchema extends Optional {
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
  /** Whether a strategic merge patch drops the fields of an item that it does not name (`retainKeys`). Default false. */
  readonly retainsKeys?: boolean
}

/** Anything: JSON that the server keeps as it is. Has one owner as a whole. */
export interface AnySchema extends Optional {
  readonly type: 'any'
}
