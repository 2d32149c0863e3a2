import { BUILTIN_TYPES } from './builtin-types.ts'
import type { Schema, StructSchema } from './schema.ts'
import { TypeNotation } from './type-notation.ts'

let notation: TypeNotation | undefined

/** A built-in type by its name, `core.v1.PodSpec`. */
export function builtinType(name: string): Schema | undefined {
  notation ??= new TypeNotation(BUILTIN_TYPES)
  return notation.find(name)
}

/** The name under which the type of a built-in kind is found: `rbac.v1.Role` of group `rbac.authorization.k8s.io`. */
function typeName(group: string, version: string, kind: string): string {
  return `${group.split('.')[0] || 'core'}.${version}.${kind}`
}

/** The shape of a built-in kind's objects; undefined for kinds that the table does not hold. */
export function builtinSchema(group: string, version: string, kind: string): StructSchema | undefined {
  const type = builtinType(typeName(group, version, kind))
  return type?.type === 'struct' ? type : undefined
}

/** `metadata`, which all kinds have in common. */
export function objectMetaSchema(): Schema {
  return builtinType('meta.v1.ObjectMeta') ?? { type: 'any' }
}
