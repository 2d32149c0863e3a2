import { isRecord, listAt, stringAt } from '../objects/fields.ts'
import { patternOf } from '../schema/pattern.ts'
import { validateDefault } from '../schema/validate-custom.ts'
import type { StatusCause } from '../status.ts'
import { forbidden, invalidValue, oneOf, required } from './cause.ts'

type OpenApi = Readonly<Record<string, unknown>>

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']

/** What is wrong with the `openAPIV3Schema` of a version: it must be structural, so that objects can be pruned by it. */
export function validateStructuralSchema(schema: OpenApi, field: string): StatusCause[] {
  const causes = [...checkRoot(schema, field), ...checkMetadata(schema, field)]
  return [...checkSchema(schema, field), ...causes]
}

function checkRoot(schema: OpenApi, field: string): StatusCause[] {
  const type = stringAt(schema, 'type') ?? ''
  if (type === '') return [required(`${field}.type`, 'must not be empty at the root')]
  return type === 'object' ? [] : [invalidValue(`${field}.type`, type, 'must be object at the root')]
}

function checkMetadata(schema: OpenApi, field: string): StatusCause[] {
  const metadata = isRecord(schema['properties']) ? schema['properties']['metadata'] : undefined
  const properties = isRecord(metadata) && isRecord(metadata['properties']) ? metadata['properties'] : {}
  const others = Object.keys(properties).filter((name) => name !== 'name' && name !== 'generateName')
  const why = 'must not specify anything other than name and generateName, but metadata is implicitly specified'
  return others.length === 0 ? [] : [forbidden(`${field}.properties[metadata]`, why)]
}

function checkSchema(schema: OpenApi, field: string): StatusCause[] {
  if (schema['$ref'] !== undefined) return [forbidden(`${field}.$ref`, '$ref is not supported')]
  return [
    ...checkKeywords(schema, field),
    ...checkListType(schema, field),
    ...checkJunctors(schema, field),
    ...checkEmbedded(schema, field),
    ...checkParts(schema, field),
    ...(schema['default'] === undefined ? [] : validateDefault(schema['default'], schema, `${field}.default`)),
  ]
}

function checkKeywords(schema: OpenApi, field: string): StatusCause[] {
  const type = stringAt(schema, 'type') ?? ''
  const pattern = stringAt(schema, 'pattern')
  const unique = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
  const exclusive = 'additionalProperties and properties are mutual exclusive'
  return [
    ...(type === '' ? [] : oneOf(`${field}.type`, type, TYPES)),
    ...(type === 'array' && !isRecord(schema['items']) ? [required(`${field}.items`, 'must be specified')] : []),
    ...(schema['uniqueItems'] === true ? [forbidden(`${field}.uniqueItems`, unique)] : []),
    ...(schema['additionalProperties'] && schema['properties']
      ? [forbidden(`${field}.additionalProperties`, exclusive)]
      : []),
    ...(pattern !== undefined && patternOf(pattern) === undefined
      ? [invalidValue(`${field}.pattern`, pattern, "must be a valid regular expression, but isn't")]
      : []),
  ]
}

function checkListType(schema: OpenApi, field: string): StatusCause[] {
  if (schema['x-kubernetes-list-type'] !== 'map') return []
  const keys = listAt(schema, 'x-kubernetes-list-map-keys').filter((key) => typeof key === 'string')
  const none = 'must not be empty if x-kubernetes-list-type is map'
  if (keys.length === 0) return [required(`${field}.x-kubernetes-list-map-keys`, none)]
  const { items } = schema
  const properties = isRecord(items) && isRecord(items['properties']) ? items['properties'] : {}
  const why = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
  return keys.flatMap((key) => {
    const ofKey = properties[key]
    const isThere = listAt(items, 'required').includes(key) || (isRecord(ofKey) && ofKey['default'] !== undefined)
    return isThere ? [] : [required(`${field}.items.properties[${key}].default`, why)]
  })
}

/** Fields that only the schema itself may have, not what it combines. */
const STRUCTURE = ['type', 'description', 'title', 'default', 'nullable', 'additionalProperties']

function checkJunctors(schema: OpenApi, field: string): StatusCause[] {
  // The one shape in which a type may stand there: `x-kubernetes-int-or-string` with both of them.
  if (schema['x-kubernetes-int-or-string'] === true) return []
  const combined = ['anyOf', 'allOf', 'oneOf'].flatMap((junctor) => {
    return listAt(schema, junctor).map((one, index) => [`${field}.${junctor}[${index}]`, one] as const)
  })
  return [...combined, [`${field}.not`, schema['not']] as const].flatMap(([at, one]) => checkCombined(one, at))
}

function checkCombined(schema: unknown, field: string): StatusCause[] {
  if (!isRecord(schema)) return []
  const own = STRUCTURE.filter((keyword) => schema[keyword] !== undefined)
  return [
    ...own.map((keyword) => forbidden(`${field}.${keyword}`, 'must be empty to be structural')),
    ...partsOf(schema, field).flatMap(([at, part]) => checkCombined(part, at)),
    ...checkJunctors(schema, field),
  ]
}

function checkEmbedded(schema: OpenApi, field: string): StatusCause[] {
  if (schema['x-kubernetes-embedded-resource'] !== true) return []
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true
  const why = 'if x-kubernetes-embedded-resource is true'
  const without = `must not be empty ${why} without x-kubernetes-preserve-unknown-fields`
  return [
    ...(schema['properties'] || open ? [] : [required(`${field}.properties`, without)]),
    ...(schema['type'] === 'object' ? [] : [required(`${field}.type`, `must be object ${why}`)]),
  ]
}

type Part = readonly [field: string, schema: OpenApi, what: string]

/** The schemas of what a value holds. */
function partsOf(schema: OpenApi, field: string): Part[] {
  const { properties, items, additionalProperties } = schema
  const parts: Part[] = Object.entries(isRecord(properties) ? properties : {}).flatMap(([name, one]): Part[] => {
    return isRecord(one) ? [[`${field}.properties[${name}]`, one, 'object fields']] : []
  })
  if (isRecord(items)) parts.push([`${field}.items`, items, 'array items'])
  if (isRecord(additionalProperties))
    parts.push([`${field}.additionalProperties`, additionalProperties, 'object fields'])
  return parts
}

function checkParts(schema: OpenApi, field: string): StatusCause[] {
  return partsOf(schema, field).flatMap(([at, part, what]) => {
    const causes = checkSchema(part, at)
    const isOpen = [
      'x-kubernetes-int-or-string',
      'x-kubernetes-preserve-unknown-fields',
      'x-kubernetes-embedded-resource',
    ]
    const typed = part['type'] || part['$ref'] || isOpen.some((keyword) => part[keyword] === true)
    return typed ? causes : [...causes, required(`${at}.type`, `must not be empty for specified ${what}`)]
  })
}
