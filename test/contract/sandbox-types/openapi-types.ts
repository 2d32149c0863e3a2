import { z } from 'zod'

/** The parts of an OpenAPI v3 schema, as kube-apiserver writes it, that say of what type a value is. */
export interface OpenApiType {
  readonly type?: string | undefined
  readonly format?: string | undefined
  readonly default?: unknown
  readonly required?: readonly string[] | undefined
  readonly properties?: Readonly<Record<string, OpenApiType>> | undefined
  readonly items?: OpenApiType | undefined
  readonly additionalProperties?: OpenApiType | undefined
  readonly allOf?: readonly OpenApiType[] | undefined
  readonly $ref?: string | undefined
  readonly 'x-kubernetes-list-type'?: string | undefined
  readonly 'x-kubernetes-list-map-keys'?: readonly string[] | undefined
  readonly 'x-kubernetes-map-type'?: string | undefined
  readonly 'x-kubernetes-patch-merge-key'?: string | undefined
  readonly 'x-kubernetes-patch-strategy'?: string | undefined
}

const OpenApiType: z.ZodType<OpenApiType> = z.lazy(() =>
  z.looseObject({
    type: z.string().optional(),
    format: z.string().optional(),
    default: z.unknown().optional(),
    required: z.array(z.string()).optional(),
    properties: z.record(z.string(), OpenApiType).optional(),
    items: OpenApiType.optional(),
    additionalProperties: OpenApiType.optional(),
    allOf: z.array(OpenApiType).optional(),
    $ref: z.string().optional(),
    'x-kubernetes-list-type': z.string().optional(),
    'x-kubernetes-list-map-keys': z.array(z.string()).optional(),
    'x-kubernetes-map-type': z.string().optional(),
    'x-kubernetes-patch-merge-key': z.string().optional(),
    'x-kubernetes-patch-strategy': z.string().optional(),
  }),
)

/** One document of `/openapi/v3/…`. */
export const OpenApiDocument = z.looseObject({
  components: z.looseObject({ schemas: z.record(z.string(), OpenApiType) }),
})

const PACKAGES: readonly (readonly [prefix: string, short: string])[] = [
  ['io.k8s.api.', ''],
  ['io.k8s.apimachinery.pkg.apis.', ''],
  ['io.k8s.apiextensions-apiserver.pkg.apis.', ''],
]

/** Types that are written as a scalar, or hold anything. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'int-or-string',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'micro-time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': 'any',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'any',
}

/** `core.v1.Pod` of `io.k8s.api.core.v1.Pod`. */
function shortName(name: string): string {
  const [prefix = '', short = ''] = PACKAGES.find(([one]) => name.startsWith(one)) ?? []
  return short + name.slice(prefix.length)
}

/**
 * The notation of all types that can be reached from `roots`: by package, sorted by name, their fields below them. Types of
 * the same package are named without it.
 */
export function renderTypes(types: ReadonlyMap<string, OpenApiType>, roots: readonly string[]): string {
  const reached = new Set<string>()
  const visit = (name: string): void => {
    const type = types.get(name)
    if (!type) throw new Error(`The API server does not know ${name}`)
    if (reached.has(name) || WELL_KNOWN[name] !== undefined) return
    reached.add(name)
    for (const ref of refsIn(type)) visit(ref)
  }
  for (const root of roots) visit(root)
  const packages = Map.groupBy([...reached], packageOf)
  return [...packages.keys()]
    .sort()
    .map((name) => renderPackage(name, packages.get(name) ?? [], types))
    .join('\n')
}

function renderPackage(name: string, members: readonly string[], types: ReadonlyMap<string, OpenApiType>): string {
  const rendered = [...members].sort().map((member) => indent(renderType(member, types.get(member) ?? {})))
  return [name, ...rendered].join('\n').replaceAll(`${name}.`, '')
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}

/** `core.v1` of `io.k8s.api.core.v1.Pod`. */
function packageOf(name: string): string {
  const short = shortName(name)
  return short.slice(0, short.lastIndexOf('.'))
}

function refsIn(type: OpenApiType): string[] {
  const parts = [...Object.values(type.properties ?? {}), ...(type.allOf ?? [])]
  if (type.items) parts.push(type.items)
  if (type.additionalProperties) parts.push(type.additionalProperties)
  return [...(type.$ref === undefined ? [] : [nameOfRef(type.$ref)]), ...parts.flatMap((part) => refsIn(part))]
}

function nameOfRef(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1)
}

/** Leaves room for the indentation. */
const WIDTH = 118

/** One type: its name, and below it its fields, as many on a line as fit. */
function renderType(name: string, type: OpenApiType): string {
  const atomic = type['x-kubernetes-map-type'] === 'atomic' ? ' atomic' : ''
  if (!type.properties) return `${shortName(name)} ${type.type === 'object' ? 'struct' : 'any'}`
  const fields = Object.keys(type.properties).sort()
  const lines: string[] = []
  for (const field of fields) {
    const text = renderField(field, type)
    const line = lines.at(-1)
    if (line !== undefined && line.length + text.length + 2 < WIDTH) lines[lines.length - 1] = `${line}; ${text}`
    else lines.push(`  ${text}`)
  }
  return [`${shortName(name)} struct${atomic}`, ...lines].join('\n')
}

function renderField(field: string, { properties = {}, required = [] }: OpenApiType): string {
  const type = properties[field] ?? {}
  const mark = !required.includes(field) ? '' : isScalar(type) && type.default === undefined ? '*' : '!'
  const text = `${field}${mark} ${renderValue(type)}`
  const implied = mark === '!' && isZero(type.default)
  return isScalar(type) && type.default !== undefined && !implied ? `${text} =${JSON.stringify(type.default)}` : text
}

function isScalar({ type }: OpenApiType): boolean {
  return type === 'string' || type === 'integer' || type === 'number' || type === 'boolean'
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false
}

function renderValue(type: OpenApiType): string {
  const ref = type.$ref ?? type.allOf?.[0]?.$ref
  if (ref !== undefined) {
    const name = nameOfRef(ref)
    return [WELL_KNOWN[name] ?? shortName(name), ...mapModifiers(type)].join(' ')
  }
  if (type.items) return [`[${renderValue(type.items)}]`, ...listModifiers(type)].join(' ')
  if (type.additionalProperties) return [`{${renderValue(type.additionalProperties)}}`, ...mapModifiers(type)].join(' ')
  if (type.type === 'string') return type.format ?? 'string'
  if (type.type === 'integer') return type.format ?? 'int64'
  if (type.type === 'boolean') return 'bool'
  return type.type === 'number' ? 'double' : 'any'
}

function mapModifiers(type: OpenApiType): string[] {
  const mapType = type['x-kubernetes-map-type']
  return [...(mapType === undefined ? [] : [mapType]), ...strategiesOf(type)]
}

/** Lists are atomic where they say nothing. */
function listModifiers(type: OpenApiType): string[] {
  const listType = type['x-kubernetes-list-type'] ?? 'atomic'
  const keys = type['x-kubernetes-list-map-keys'] ?? []
  return [...(listType === 'atomic' ? [] : [[listType, ...keys].join(':')]), ...strategiesOf(type)]
}

function strategiesOf(type: OpenApiType): string[] {
  const key = type['x-kubernetes-patch-merge-key']
  const strategies = (type['x-kubernetes-patch-strategy'] ?? '').split(',').filter((strategy) => strategy !== '')
  return strategies.map((strategy) => (strategy === 'merge' && key !== undefined ? `merge:${key}` : strategy))
}
