import { configJsonSchema, type SchemaNode } from './json-schema.ts'

/** One field of the configuration, as the reference shows it. */
export interface Field {
  /** `upstreams[].url`; `*` stands for a name that the file chooses. */
  readonly path: string
  /** In words: `integer`, `"local" | "open"`, `list of string`. */
  readonly type: string
  /** As JSON; undefined, if there is none. */
  readonly default: string | undefined
  readonly isRequired: boolean
  /** Empty, if nothing is said of it. */
  readonly description: string
  /** It has fields of its own. */
  readonly isGroup: boolean
}

/** Every field of the configuration, groups before what is in them. */
export function configFields(): Field[] {
  return fieldsOf(configJsonSchema(), '')
}

function fieldsOf(node: SchemaNode, prefix: string): Field[] {
  const variants = (node.oneOf ?? []).filter((variant) => typeof variant === 'object')
  if (variants.length > 0) return mergeVariants(variants.map((variant) => fieldsOf(variant, prefix)))
  if (typeof node.items === 'object' && !Array.isArray(node.items)) return fieldsOf(node.items, `${prefix}[]`)
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    if (typeof child !== 'object') return []
    const path = prefix === '' ? name : `${prefix}.${name}`
    const inner = fieldsOf(child, path)
    const own: Field = {
      path,
      type: typeOf(child),
      default: child.default === undefined ? undefined : JSON.stringify(child.default),
      isRequired: node.required?.includes(name) === true && child.default === undefined,
      description: child.description ?? '',
      isGroup: inner.length > 0,
    }
    return [own, ...inner]
  })
}

/** The fields of all variants of an object; what several have is shown once, with what each says of it. */
function mergeVariants(variants: readonly Field[][]): Field[] {
  const merged = new Map<string, Field>()
  for (const field of variants.flat()) {
    const earlier = merged.get(field.path)
    if (earlier === undefined) merged.set(field.path, field)
    else {
      const type = joined(' | ', earlier.type, field.type)
      merged.set(field.path, { ...earlier, type, description: joined(' ', earlier.description, field.description) })
    }
  }
  return [...merged.values()]
}

function joined(separator: string, earlier: string, later: string): string {
  return earlier.split(separator).includes(later) || earlier === later ? earlier : `${earlier}${separator}${later}`
}

function typeOf(node: SchemaNode): string {
  if (node.const !== undefined) return JSON.stringify(node.const)
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value)).join(' | ')
  const options = [...(node.anyOf ?? []), ...(node.prefixItems ?? [])].filter((option) => typeof option === 'object')
  if (node.prefixItems !== undefined) return `[${options.map(typeOf).join(', ')}]`
  if (options.length > 0) return options.map(typeOf).join(' | ')
  if (typeof node.items === 'object' && !Array.isArray(node.items)) return `list of ${typeOf(node.items)}`
  return typeof node.type === 'string' ? node.type : 'object'
}

/** The names of the fields beside the one at a path of the configuration. */
export function siblingsOf(path: readonly (string | number)[]): string[] {
  const parent = path.slice(0, -1).map((part) => (typeof part === 'number' ? '[]' : `.${part}`))
  const prefix = `${parent.join('')}.`.replace(/^\./, '')
  return configFields().flatMap((field) => {
    const name = field.path.startsWith(prefix) ? field.path.slice(prefix.length) : ''
    return /^[^.[]+$/.test(name) ? [name] : []
  })
}
