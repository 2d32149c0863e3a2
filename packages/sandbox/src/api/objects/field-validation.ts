import type { Call } from '../cluster.ts'
import { badRequest, invalid } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { DecodeError } from '../schema/place.ts'
import { StatusError } from '../status.ts'
import { parseObject } from './parse.ts'

/** What a write does about fields that its kind does not have, and about fields that its body names twice. */
export type FieldValidation = 'Ignore' | 'Strict' | 'Warn'

const SUPPORTED: readonly FieldValidation[] = ['Ignore', 'Strict', 'Warn']

/**
 * The query parameter `fieldValidation`; Warn where there is none. `options` is what the API calls the options of the write.
 * @throws StatusError 422 for another value.
 */
export function fieldValidationOf(query: URLSearchParams, options: string): FieldValidation {
  const asked = query.get('fieldValidation') ?? ''
  const known = asked === '' ? 'Warn' : SUPPORTED.find((one) => one === asked)
  if (known) return known
  const list = ['', ...SUPPORTED].map((one) => JSON.stringify(one)).join(', ')
  const message = `Unsupported value: ${JSON.stringify(asked)}: supported values: ${list}`
  const cause = { reason: 'FieldValueNotSupported', message, field: 'fieldValidation' }
  throw invalid({ group: 'meta.k8s.io', kind: options, plural: '' }, '', [cause])
}

/**
 * The body of a POST or PUT as an object of the call's resource, without the fields that its kind does not have.
 * @throws StatusError 400 for what is no such object, and under strict validation for fields that do not belong there.
 */
export function readObject(call: Call, body: unknown): ApiObject {
  const { kind, version } = call.resource
  return read(call, body, ({ message }) => {
    return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${message}`)
  })
}

/**
 * The same for what a patch made; `quote` is how the refusal quotes it. A strategic merge patch quotes itself.
 * @throws StatusError 422, field `patch`, where {@link readObject} answers 400.
 */
export function readPatched(call: Call, patched: unknown, quote: () => string, isStrategic: boolean): ApiObject {
  return read(call, patched, ({ message, conversion }) => {
    const why = `Invalid value: ${JSON.stringify(quote())}: ${isStrategic ? conversion : message}`
    const causes = [{ reason: 'FieldValueInvalid', message: why, field: 'patch' }]
    return new StatusError(422, 'Invalid', ` "" is invalid: patch: ${why}`, { causes })
  })
}

function read(call: Call, value: unknown, refuse: (why: DecodeError) => StatusError): ApiObject {
  const { resource, path, fieldValidation, duplicates, warnings } = call
  const unknown: string[] = []
  const object = parseObject(value, resource, path, { unknown, refuse })
  const stray = [...toldOf(duplicates), ...toldOf(unknown).map((field) => `unknown field ${JSON.stringify(field)}`)]
  if (fieldValidation === 'Strict' && stray.length > 0) {
    throw refuse(new DecodeError(`strict decoding error: ${asOneText(stray)}`))
  }
  if (fieldValidation === 'Warn') warnings.push(...stray)
  return object
}

/** The API server's own limit. */
const MOST_TOLD = 100
/** In characters. A body of one long key and many short ones below it has places for gigabytes. */
const MOST_TEXT = 64 * 1024

/** As many of the places as an answer has room for, and at least one. */
function toldOf(places: readonly string[]): string[] {
  let length = 0
  return places.slice(0, MOST_TOLD).filter((place, index) => (length += place.length) <= MOST_TEXT || index === 0)
}

/** The YAML decoder's complaints come as one. */
function asOneText(stray: readonly string[]): string {
  const isLine = (text: string): boolean => /^line \d+: /.test(text)
  const lines = stray.filter(isLine).map((line) => `\n  ${line}`)
  const others = stray.filter((text) => !isLine(text))
  return [...(lines.length > 0 ? [`yaml: unmarshal errors:${lines.join('')}`] : []), ...others].join(', ')
}
