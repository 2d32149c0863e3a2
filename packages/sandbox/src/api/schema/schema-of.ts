import type { Resource } from '../resources/resource.ts'
import { builtinSchema } from './builtin.ts'
import type { StructSchema } from './schema.ts'
import { structuralSchema } from './structural.ts'

const known = new WeakMap<object, StructSchema>()

/**
 * The shape of a resource's objects, metadata included: of a built-in kind, or of a CustomResourceDefinition's version.
 * Undefined for a built-in kind whose types are not known. Made once, when first asked for.
 */
export function schemaOf(resource: Resource): StructSchema | undefined {
  const found = known.get(resource)
  if (found) return found
  const { group, version, kind, custom, openApiSchema } = resource
  const made = custom ? structuralSchema(openApiSchema) : builtinSchema(group, version, kind)
  if (made) known.set(resource, made)
  return made
}
