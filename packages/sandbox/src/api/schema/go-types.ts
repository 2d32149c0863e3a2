import type { Schema } from './schema.ts'

/** `Container` of `core.v1.Container`. */
export function shortTypeName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/** The Go type of a value, as the API server's messages name it: `[]v1.Container`, `map[string]string`. */
export function asGoType(schema: Schema): string {
  switch (schema.type) {
    case 'string':
      return schema.format === 'byte' ? '[]uint8' : 'string'
    case 'boolean':
      return 'bool'
    case 'integer':
      return schema.format ?? 'int64'
    case 'int-or-string':
      return 'int32'
    case 'number':
      return 'float64'
    case 'quantity':
      return 'resource.Quantity'
    case 'list':
      return `[]${asGoType(schema.items)}`
    case 'map':
      // Every map of quantities has this type.
      return schema.values.type === 'quantity' ? 'v1.ResourceList' : `map[string]${asGoType(schema.values)}`
    case 'struct':
      return (schema.name ?? '').split('.').slice(-2).join('.')
    case 'any':
      return 'interface {}'
    default:
      return schema satisfies never
  }
}
