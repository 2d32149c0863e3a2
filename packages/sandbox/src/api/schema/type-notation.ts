import type { ListSchema, ScalarSchema, Schema, StructSchema } from './schema.ts'

/**
 * The types of an API by name, read from a text that says them one after another:
 *
 *     core.v1
 *       ContainerPort struct
 *         containerPort! int32; hostIP string; protocol string ="TCP"
 *
 * A package, its types, their fields. `!` marks a field that must be there and is written even when it is empty, `*` one
 * that must be there and has no empty value. `[T]` is a list, `{T}` a map with string keys; other types are scalars or
 * names, within a package without it. Behind the type stand
 *
 * - `map:name:protocol`, `set`: who owns what in a list, and the keys of its items; a list that says nothing is atomic
 * - `atomic`, `granular`: whether an object has one owner as a whole, where its type says otherwise
 * - `merge:name`, `merge`: the strategic merge patch merges the list by that key, or adds scalars to it
 * - `retainKeys`: the patch drops fields that it does not name
 * - `="TCP"`: what stands for a field that is left out
 *
 * A type is read when it is first asked for; types may hold themselves.
 */
export class TypeNotation {
  readonly #sources = new Map<string, TypeSource>()
  readonly #types = new Map<string, Schema>()

  constructor(text: string) {
    let inPackage = ''
    let fields: string[] = []
    for (const line of text.split('\n')) {
      const indentation = line.length - line.trimStart().length
      if (indentation === 0) inPackage = line
      else if (indentation > 2) fields.push(...line.trim().split('; '))
      else {
        fields = []
        const [name = '', kind, atomic] = line.trim().split(' ')
        this.#sources.set(`${inPackage}.${name}`, { inPackage, kind, atomic: atomic === 'atomic', fields })
      }
    }
  }

  /** The type `apps.v1.Deployment`, or undefined where there is none of that name. */
  find(name: string): Schema | undefined {
    const known = this.#types.get(name)
    if (known) return known
    const source = this.#sources.get(name)
    return source && this.#read(name, source)
  }

  #read(name: string, { inPackage, kind, atomic, fields: texts }: TypeSource): Schema {
    if (kind === 'any') return this.#keep(name, { type: 'any' })
    const fields: Record<string, Schema> = {}
    const required: string[] = []
    const type: StructSchema = { type: 'struct', name, fields, required, ...(atomic && { atomic }) }
    // Known before its fields are read: they may be of this type.
    this.#keep(name, type)
    for (const text of texts) {
      const [, field = '', mark = '', value = ''] = /^([^ !*]+)([!*]?) (.+)$/.exec(text) ?? []
      if (mark !== '') required.push(field)
      fields[field] = this.#field(value, inPackage, mark === '!')
    }
    return type
  }

  #keep(name: string, type: Schema): Schema {
    this.#types.set(name, type)
    return type
  }

  #field(text: string, inPackage: string, hasEmptyValue: boolean): Schema {
    const [value = '', fallback] = text.split(' =')
    const type = this.#value(value, inPackage)
    if (fallback !== undefined) return { ...type, default: JSON.parse(fallback) }
    const empty = EMPTY[type.type]
    return hasEmptyValue && empty !== undefined && !isTime(type) ? { ...type, default: empty } : type
  }

  #value(text: string, inPackage: string): Schema {
    if (text.startsWith('[')) return this.#list(text, inPackage)
    const [name = '', ...modifiers] = text.split(/ (?!.*[\]}])/)
    const type = name.startsWith('{')
      ? { type: 'map' as const, values: this.#value(name.slice(1, -1), inPackage) }
      : (SCALARS[name] ?? this.#named(name, inPackage))
    return modifiers.length === 0 ? type : withModifiers(type, modifiers)
  }

  #list(text: string, inPackage: string): ListSchema {
    const end = text.lastIndexOf(']')
    const items = this.#value(text.slice(1, end), inPackage)
    const modifiers = text.slice(end + 1).split(' ')
    const [listType, ...keys] = modifiers.find((one) => /^(?:set|map:)/.test(one))?.split(':') ?? []
    const [merge, mergeKey] = modifiers.find((one) => one.startsWith('merge'))?.split(':') ?? []
    return {
      type: 'list',
      items,
      listType: listType === 'set' || listType === 'map' ? listType : 'atomic',
      ...(keys.length > 0 && { keys }),
      ...(mergeKey !== undefined ? { mergeKey } : merge !== undefined && { mergesScalars: true }),
      ...(modifiers.includes('retainKeys') && { retainsKeys: true }),
    }
  }

  #named(name: string, inPackage: string): Schema {
    const type = this.find(name.includes('.') ? name : `${inPackage}.${name}`)
    if (!type) throw new Error(`No type is called ${name}`)
    return type
  }
}

interface TypeSource {
  readonly inPackage: string
  readonly kind: string | undefined
  readonly atomic: boolean
  readonly fields: readonly string[]
}

const SCALARS: Readonly<Record<string, Schema>> = {
  any: { type: 'any' },
  string: { type: 'string' },
  byte: { type: 'string', format: 'byte' },
  time: { type: 'string', format: 'date-time' },
  'micro-time': { type: 'string', format: 'micro-time' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  quantity: { type: 'quantity' },
  'int-or-string': { type: 'int-or-string' },
}

const EMPTY: Readonly<Partial<Record<Schema['type'], unknown>>> = { string: '', integer: 0, number: 0, boolean: false }

function isTime(type: Schema): boolean {
  return type.type === 'string' && isTimeFormat(type)
}

function isTimeFormat({ format }: ScalarSchema): boolean {
  return format === 'date-time' || format === 'micro-time'
}

function withModifiers(type: Schema, modifiers: readonly string[]): Schema {
  if (type.type !== 'struct' && type.type !== 'map') return type
  const atomic = modifiers.includes('atomic') || (type.atomic === true && !modifiers.includes('granular'))
  if (type.type === 'map') return { ...type, atomic }
  return { ...type, atomic, ...(modifiers.includes('retainKeys') && { retainsKeys: true }) }
}
