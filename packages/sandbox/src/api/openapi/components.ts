import { isRecord } from '../objects/fields.ts'
import type { Resource, Subresource } from '../resources/resource.ts'
import { builtinSchema, builtinType } from '../schema/builtin.ts'
import { schemaOf } from '../schema/schema-of.ts'
import type { ListSchema, MapSchema, ScalarSchema, Schema, StructSchema } from '../schema/schema.ts'

const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity'
const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString'
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const either = (type: string): object => ({ oneOf: [{ type }, { type: 'string' }] })

/** Types that travel as scalars and have names of their own. */
const WELL_KNOWN: Readonly<Record<string, object>> = {
  [QUANTITY]: either('number'),
  [INT_OR_STRING]: { format: 'int-or-string', ...either('integer') },
  [`${META}.Time`]: { type: 'string', format: 'date-time' },
  [`${META}.MicroTime`]: { type: 'string', format: 'date-time' },
}

/** `io.k8s.api.apps.v1.Deployment` of `apps.v1.Deployment`. */
function fullName(name: string): string {
  if (name.startsWith('meta.')) return `io.k8s.apimachinery.pkg.apis.${name}`
  if (name.startsWith('apiextensions.')) return `io.k8s.apiextensions-apiserver.pkg.apis.${name}`
  return `io.k8s.api.${name}`
}

/** `io.k8s.api.apps.v1.Deployment`, `io.kserve.serving.v1beta1.InferenceService`: the group reversed, as clients expect it. */
export function schemaName(resource: Resource): string {
  const { group, version, kind } = resource
  const type = resource.custom ? undefined : schemaOf(resource)?.name
  return type === undefined ? `${group.split('.').reverse().join('.')}.${version}.${kind}` : fullName(type)
}

/** The schemas of one document by name: the kinds that are added, and all types that they hold. */
export class Components {
  readonly schemas: Record<string, object> = {}
  readonly #refPrefix: string

  /** `refPrefix` is where the document keeps its schemas: `#/components/schemas/`. */
  constructor(refPrefix: string) {
    this.#refPrefix = refPrefix
  }

  /** Adds the kind of a resource, and the kind of its lists. */
  add(resource: Resource): void {
    const name = schemaName(resource)
    const { group, version, kind, listKind } = resource
    const described = resource.custom ? this.#custom(resource) : this.#builtin(resource)
    this.schemas[name] = { ...described, 'x-kubernetes-group-version-kind': [{ group, version, kind }] }
    for (const { body } of resource.subresources) if (body) this.#addBody(body)
    if (!resource.verbs.includes('list')) return
    this.schemas[listName(name)] = {
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: { type: 'string' },
        items: { type: 'array', items: this.#refTo(name) },
        kind: { type: 'string' },
        metadata: this.#type('meta.v1.ListMeta'),
      },
      'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
    }
  }

  /** A kind that travels at an endpoint of its own: `Scale`. */
  #addBody({ group, version, kind }: NonNullable<Subresource['body']>): void {
    const schema = builtinSchema(group, version, kind)
    if (schema?.name === undefined) return
    const described = { ...this.#fieldsOf(schema), 'x-kubernetes-group-version-kind': [{ group, version, kind }] }
    this.schemas[fullName(schema.name)] = described
  }

  #builtin(resource: Resource): object {
    const schema = schemaOf(resource)
    return schema ? this.#fieldsOf(schema) : { type: 'object' }
  }

  /** As the definition says it, descriptions included. */
  #custom({ openApiSchema }: Resource): object {
    return this.#withTypeMeta(this.#published(isRecord(openApiSchema) ? openApiSchema : { type: 'object' }))
  }

  #withTypeMeta(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const properties = isRecord(schema['properties']) ? schema['properties'] : {}
    const text = { type: 'string' }
    const metadata = this.#type('meta.v1.ObjectMeta')
    return { ...schema, properties: { ...properties, apiVersion: text, kind: text, metadata } }
  }

  /** What a definition leaves out, because its extensions say it, is spelled out for clients that do not know these. */
  #published(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const { properties, items, additionalProperties } = schema
    const published: Record<string, unknown> = {
      ...(schema['x-kubernetes-int-or-string'] === true && { anyOf: [{ type: 'integer' }, { type: 'string' }] }),
      ...schema,
      ...(isRecord(items) && { items: this.#published(items) }),
      ...(isRecord(additionalProperties) && { additionalProperties: this.#published(additionalProperties) }),
      ...(isRecord(properties) && { properties: this.#publishedFields(properties) }),
    }
    if (schema['x-kubernetes-embedded-resource'] !== true) return published
    return { ...this.#withTypeMeta(published), required: ['kind', 'apiVersion'] }
  }

  #publishedFields(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const fields = Object.entries(properties)
    return Object.fromEntries(fields.map(([name, one]) => [name, isRecord(one) ? this.#published(one) : one]))
  }

  #type(name: string): object {
    const type = builtinType(name)
    return type ? this.#value(type) : {}
  }

  #fieldsOf({ fields, required = [] }: StructSchema): object {
    const properties = Object.entries(fields).map(([field, schema]) => [field, this.#value(schema)] as const)
    return {
      type: 'object',
      ...(required.length > 0 && { required }),
      ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
    }
  }

  #value(schema: Schema): object {
    const described = this.#shape(schema)
    return schema.default === undefined ? described : { ...described, default: schema.default }
  }

  #shape(schema: Schema): object {
    switch (schema.type) {
      case 'struct':
        return this.#struct(schema)
      case 'list':
        return this.#list(schema)
      case 'map':
        return this.#map(schema)
      case 'any':
        return {}
      case 'quantity':
        return this.#wellKnown(QUANTITY)
      case 'int-or-string':
        return this.#wellKnown(INT_OR_STRING)
      case 'string':
      case 'integer':
      case 'number':
      case 'boolean':
        return this.#scalar(schema)
      default:
        return schema satisfies never
    }
  }

  #scalar({ type, format }: ScalarSchema): object {
    if (format === 'date-time') return this.#wellKnown(`${META}.Time`)
    if (format === 'micro-time') return this.#wellKnown(`${META}.MicroTime`)
    return { type, ...(format !== undefined && { format }) }
  }

  #struct(schema: StructSchema): object {
    if (schema.name === undefined) return this.#fieldsOf(schema)
    const name = fullName(schema.name)
    if (!this.schemas[name]) {
      this.schemas[name] = {} // it may hold itself
      const mapType = schema.atomic === true && { 'x-kubernetes-map-type': 'atomic' }
      this.schemas[name] = { ...this.#fieldsOf(schema), ...mapType, ...kindOf(schema) }
    }
    return { ...this.#refTo(name), ...(schema.retainsKeys && { 'x-kubernetes-patch-strategy': 'retainKeys' }) }
  }

  #map({ values, atomic }: MapSchema): object {
    const mapType = atomic === true && { 'x-kubernetes-map-type': 'atomic' }
    const described = values.type === 'quantity' ? { $ref: this.#refPrefix + QUANTITY } : this.#value(values)
    if (values.type === 'quantity') this.#wellKnown(QUANTITY)
    return { type: 'object', additionalProperties: described, ...mapType }
  }

  #list({ items, listType, keys, mergeKey, mergesScalars, retainsKeys }: ListSchema): object {
    const merges = mergeKey !== undefined || mergesScalars === true
    const strategies = [...(merges ? ['merge'] : []), ...(retainsKeys === true ? ['retainKeys'] : [])]
    return {
      type: 'array',
      items: this.#value(items),
      'x-kubernetes-list-type': listType,
      ...(keys && { 'x-kubernetes-list-map-keys': keys }),
      ...(mergeKey !== undefined && { 'x-kubernetes-patch-merge-key': mergeKey }),
      ...(strategies.length > 0 && { 'x-kubernetes-patch-strategy': strategies.join(',') }),
    }
  }

  #wellKnown(name: string): object {
    this.schemas[name] ??= WELL_KNOWN[name] ?? {}
    return this.#refTo(name)
  }

  /** Wrapped, so that what stands beside it counts. */
  #refTo(name: string): object {
    return { allOf: [{ $ref: this.#refPrefix + name }] }
  }
}

/** Kinds stand in other kinds, too: the claims that a StatefulSet makes. They are all of the core group. */
function kindOf({ name = '', fields }: StructSchema): object {
  const [pack, version, kind] = name.split('.')
  if (pack !== 'core' || !fields['kind'] || !fields['metadata']) return {}
  return { 'x-kubernetes-group-version-kind': [{ group: '', version, kind }] }
}

function listName(name: string): string {
  return `${name}List`
}
