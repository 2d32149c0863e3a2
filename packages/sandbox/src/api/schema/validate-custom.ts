import { isDeepStrictEqual } from 'node:util'
import { isRecord, listAt, numberAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue, oneOf, required, tooLong } from '../validation/cause.ts'
import { checkKind } from '../validation/names.ts'
import { hasFormat } from './formats.ts'
import { duplicateItems } from './list-keys.ts'
import { patternOf } from './pattern.ts'

/** A part of `openAPIV3Schema`. */
type OpenApi = Readonly<Record<string, unknown>>

/** Where a value stands, and what its messages call it: those about a status leave `status` out. */
interface At {
  readonly field: string
  readonly name: string
}

/**
 * What the schema of a CustomResourceDefinition says against an object, worded as by Kubernetes 1.34. Rules in CEL
 * (`x-kubernetes-validations`) are not evaluated.
 */
export function validateCustom(object: unknown, openApi: unknown): StatusCause[] {
  return isRecord(openApi) ? check(object, openApi, { field: '', name: '' }) : []
}

/** The same for a status that is written by itself. */
export function validateCustomStatus(status: unknown, openApi: unknown): StatusCause[] {
  const properties = isRecord(openApi) ? openApi['properties'] : undefined
  const schema = isRecord(properties) ? properties['status'] : undefined
  return status === undefined || !isRecord(schema) ? [] : check(status, schema, { field: 'status', name: '' })
}

function check(value: unknown, schema: OpenApi, at: At): StatusCause[] {
  if (value === null && schema['nullable'] === true) return []
  return [
    ...checkType(value, schema, at),
    ...checkComposed(value, schema, at),
    ...checkEnum(value, schema, at),
    ...(typeof value === 'string' ? checkString(value, schema, at) : []),
    ...(typeof value === 'number' ? checkNumber(value, schema, at) : []),
    ...(Array.isArray(value) ? checkList(value, schema, at) : []),
    ...(isRecord(value) ? checkObject(value, schema, at) : []),
  ]
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function checkType(value: unknown, schema: OpenApi, at: At): StatusCause[] {
  const wanted = schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : stringAt(schema, 'type')
  const type = typeOf(value)
  if (wanted === undefined || wanted.split(',').includes(type) || (wanted === 'number' && type === 'integer')) return []
  return [wrongType(at, type, wanted, type)]
}

function wrongType(at: At, value: unknown, wanted: string, shown: unknown): StatusCause {
  const message = `Invalid value: ${JSON.stringify(value)}: ${at.name} in body must be of type ${wanted}: ${JSON.stringify(shown)}`
  return { reason: 'FieldValueTypeInvalid', message, field: at.field }
}

/** Complaints about several schemas at once belong to no field. */
function composed(at: At, what: string): StatusCause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: "": "${at.name}" ${what}`, field: '<nil>' }
}

function checkComposed(value: unknown, schema: OpenApi, at: At): StatusCause[] {
  return [
    ...checkAnyOf(value, schema, at),
    ...checkOneOf(value, schema, at),
    ...checkAllOf(value, schema, at),
    ...(isRecord(schema['not']) && check(value, schema['not'], at).length === 0
      ? [composed(at, 'must not validate the schema (not)')]
      : []),
  ]
}

function outcomes(value: unknown, schema: OpenApi, key: string, at: At): StatusCause[][] {
  return listAt(schema, key).map((one) => (isRecord(one) ? check(value, one, at) : []))
}

/** What the alternative with the fewest complaints complains about. */
function nearest(alternatives: readonly StatusCause[][]): StatusCause[] {
  return alternatives.reduce((best, one) => (one.length < best.length ? one : best), alternatives[0] ?? [])
}

function checkAnyOf(value: unknown, schema: OpenApi, at: At): StatusCause[] {
  const alternatives = outcomes(value, schema, 'anyOf', at)
  if (alternatives.length === 0 || alternatives.some((causes) => causes.length === 0)) return []
  return [composed(at, 'must validate at least one schema (anyOf)'), ...nearest(alternatives)]
}

function checkOneOf(value: unknown, schema: OpenApi, at: At): StatusCause[] {
  const alternatives = outcomes(value, schema, 'oneOf', at)
  const valid = alternatives.filter((causes) => causes.length === 0).length
  if (alternatives.length === 0 || valid === 1) return []
  const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`
  const cause = composed(at, `must validate one and only one schema (oneOf). ${found}`)
  return valid === 0 ? [cause, ...nearest(alternatives)] : [cause]
}

function checkAllOf(value: unknown, schema: OpenApi, at: At): StatusCause[] {
  const parts = outcomes(value, schema, 'allOf', at)
  const causes = parts.flat()
  if (causes.length === 0) return []
  const none = parts.every((part) => part.length > 0) ? '. None validated' : ''
  return [...causes, composed(at, `must validate all the schemas (allOf)${none}`)]
}

function checkEnum(value: unknown, schema: OpenApi, at: At): StatusCause[] {
  const allowed = listAt(schema, 'enum')
  if (allowed.length === 0 || allowed.some((one) => isDeepStrictEqual(one, value))) return []
  return oneOf(
    at.field,
    value,
    allowed.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))),
  )
}

function checkString(text: string, schema: OpenApi, at: At): StatusCause[] {
  const format = stringAt(schema, 'format')
  const ofFormat = format !== undefined && !hasFormat(text, format) ? [wrongType(at, text, format, text)] : []
  return [...checkText(text, schema, at), ...ofFormat]
}

/** The first rule that a text breaks. */
function checkText(text: string, schema: OpenApi, { field, name }: At): StatusCause[] {
  const length = Array.from(text).length
  const maxLength = numberAt(schema, 'maxLength')
  const minLength = numberAt(schema, 'minLength') ?? 0
  const pattern = stringAt(schema, 'pattern')
  if (maxLength !== undefined && length > maxLength) return [tooLong(field, maxLength)]
  if (length < minLength)
    return [invalidValue(field, text, `${name} in body should be at least ${minLength} chars long`)]
  if (pattern === undefined || patternOf(pattern)?.test(text) !== false) return []
  return [invalidValue(field, text, `${name} in body should match '${pattern}'`)]
}

function checkNumber(value: number, schema: OpenApi, { field, name }: At): StatusCause[] {
  const [minimum, maximum] = [numberAt(schema, 'minimum'), numberAt(schema, 'maximum')]
  const factor = numberAt(schema, 'multipleOf')
  const [above, below] = [schema['exclusiveMinimum'] === true, schema['exclusiveMaximum'] === true]
  const complain = (rule: string): StatusCause => invalidValue(field, value, `${name} in body should be ${rule}`)
  return [
    ...(factor !== undefined && !isMultiple(value, factor) ? [complain(`a multiple of ${factor}`)] : []),
    ...(maximum !== undefined && (below ? value >= maximum : value > maximum)
      ? [complain(`less than ${below ? '' : 'or equal to '}${maximum}`)]
      : []),
    ...(minimum !== undefined && (above ? value <= minimum : value < minimum)
      ? [complain(`greater than ${above ? '' : 'or equal to '}${minimum}`)]
      : []),
  ]
}

function isMultiple(value: number, factor: number): boolean {
  const quotient = value / factor
  return Math.abs(quotient - Math.round(quotient)) < 1e-9
}

function tooMany(field: string, count: number, limit: number): StatusCause {
  return { reason: 'FieldValueTooMany', message: `Too many: ${count}: must have at most ${limit} items`, field }
}

function checkList(items: readonly unknown[], schema: OpenApi, at: At): StatusCause[] {
  const { field, name } = at
  const ofItems = schema['items']
  const maxItems = numberAt(schema, 'maxItems')
  const minItems = numberAt(schema, 'minItems') ?? 0
  const itemAt = (index: number): At => ({ field: `${field}[${index}]`, name: `${name}[${index}]` })
  return [
    ...(isRecord(ofItems) ? items.flatMap((item, index) => check(item, ofItems, itemAt(index))) : []),
    ...(items.length < minItems
      ? [invalidValue(field, items.length, `${name} in body should have at least ${minItems} items`)]
      : []),
    ...(maxItems !== undefined && items.length > maxItems ? [tooMany(field, items.length, maxItems)] : []),
    ...duplicateItems(items, schema, field),
  ]
}

function checkObject(object: Readonly<Record<string, unknown>>, schema: OpenApi, at: At): StatusCause[] {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {}
  const additional = schema['additionalProperties']
  const missing = listAt(schema, 'required').filter((key) => typeof key === 'string' && !Object.hasOwn(object, key))
  return [
    ...checkSize(Object.keys(object).length, schema, at),
    ...Object.entries(object).flatMap(([key, value]) => {
      const ofMember = Object.hasOwn(properties, key) ? properties[key] : additional
      // Every object's metadata is checked elsewhere.
      return isRecord(ofMember) && !(at.field === '' && key === 'metadata')
        ? check(value, ofMember, memberAt(at, key))
        : []
    }),
    ...missing.map((key) => required(memberAt(at, String(key)).field)),
    ...(schema['x-kubernetes-embedded-resource'] === true ? checkEmbedded(object, at) : []),
  ]
}

function memberAt({ field, name }: At, key: string): At {
  return { field: field === '' ? key : `${field}.${key}`, name: name === '' ? key : `${name}.${key}` }
}

function checkSize(count: number, schema: OpenApi, { field, name }: At): StatusCause[] {
  const maximum = numberAt(schema, 'maxProperties')
  const minimum = numberAt(schema, 'minProperties') ?? 0
  return [
    ...(count < minimum
      ? [invalidValue(field, count, `${name} in body should have at least ${minimum} properties`)]
      : []),
    ...(maximum !== undefined && count > maximum ? [tooMany(field, count, maximum)] : []),
  ]
}

/** An object within an object says what it is. */
function checkEmbedded({ apiVersion, kind }: Readonly<Record<string, unknown>>, at: At): StatusCause[] {
  const version = memberAt(at, 'apiVersion').field
  return [
    ...(apiVersion ? checkGroupVersion(version, apiVersion) : [required(version)]),
    ...(kind ? checkKind(memberAt(at, 'kind').field, kind) : [required(memberAt(at, 'kind').field)]),
  ]
}

function checkGroupVersion(field: string, value: unknown): StatusCause[] {
  if (typeof value !== 'string' || value.split('/').length <= 2) return []
  return [invalidValue(field, value, `unexpected GroupVersion string: ${value}`)]
}

/** What a default has against the schema it belongs to; `field` is where it stands. */
export function validateDefault(value: unknown, schema: OpenApi, field: string): StatusCause[] {
  return check(value, schema, { field, name: '' })
}
