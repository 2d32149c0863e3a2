import { unsupportedMediaType } from '../errors.ts'
import { isRecord, recordAt } from '../objects/fields.ts'
import { MESSAGES } from './messages.ts'
import type { Field, Message } from './messages.ts'
import { readFields } from './wire.ts'

/** The four bytes before every object that Kubernetes encodes as protobuf. */
const MAGIC = Buffer.from('k8s\0')

/** What stands around the object: its kind, and its bytes (`runtime.Unknown`). */
const ENVELOPE: Message = {
  1: { name: 'typeMeta', type: { 1: { name: 'apiVersion', type: 'string' }, 2: { name: 'kind', type: 'string' } } },
  2: { name: 'raw', type: 'bytes' },
  3: { name: 'contentEncoding', type: 'string' },
  4: { name: 'contentType', type: 'string' },
}

/**
 * The object in a body of `application/vnd.kubernetes.protobuf`, as JSON would have it.
 *
 * Only what `kubectl create <kind>` sends is known.
 * @throws StatusError 415 for other kinds and for fields it does not know: nothing is dropped in silence.
 */
export function decodeObject(body: Buffer): unknown {
  try {
    return decodeKnown(body)
  } catch (error) {
    if (error instanceof RangeError)
      throw unsupportedMediaType(`the body of the request is not protobuf: ${error.message}`)
    throw error
  }
}

function decodeKnown(body: Buffer): unknown {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) throw new RangeError('it does not begin with "k8s\\0"')
  const { typeMeta, raw } = decodeMessage(body.subarray(MAGIC.length), ENVELOPE)
  const { apiVersion, kind } = isRecord(typeMeta) ? typeMeta : {}
  const name = `${String(apiVersion)}/${String(kind)}`
  const message = MESSAGES[name]
  if (!message) throw unsupportedMediaType(`${name} cannot be read as protobuf here: send application/json`)
  const bytes = Buffer.from(typeof raw === 'string' ? raw : '', 'base64')
  return { kind, apiVersion, ...decodeMessage(bytes, message) }
}

function decodeMessage(bytes: Buffer, message: Message): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const { number, value } of readFields(bytes)) {
    const field = message[number]
    if (field) add(object, field, value)
    else if (!isEmpty(value))
      throw unsupportedMediaType(`field ${number} cannot be read as protobuf here: send application/json`)
  }
  return object
}

/** Whether a value on the wire only says that there is none: Go's encoder writes empty fields, too. */
function isEmpty(value: number | Buffer): boolean {
  return typeof value === 'number' ? value === 0 : value.length === 0
}

function add(object: Record<string, unknown>, field: Field, value: number | Buffer): void {
  switch (field.repeated) {
    case 'list': {
      const items = object[field.name]
      const item = decodeValue(field.type, value)
      if (Array.isArray(items)) items.push(item)
      else object[field.name] = [item]
      return
    }
    case 'map': {
      const entry = decodeMessage(asBytes(value), {
        1: { name: 'key', type: 'string' },
        2: { name: 'value', type: field.type, optional: true },
      })
      const key = typeof entry['key'] === 'string' ? entry['key'] : ''
      // Defined, not assigned: a key named __proto__ is a key.
      Object.defineProperty(recordAt(object, field.name), key, {
        value: entry['value'] ?? '',
        enumerable: true,
        configurable: true,
        writable: true,
      })
      return
    }
    case undefined: {
      const decoded = decodeValue(field.type, value)
      if (field.inline) Object.assign(object, decoded)
      else if (field.optional || !isZero(decoded)) object[field.name] = decoded
      return
    }
    default:
      field.repeated satisfies never
  }
}

function isZero(value: unknown): boolean {
  if (isRecord(value)) return Object.keys(value).length === 0
  return value === undefined || value === '' || value === 0 || value === false
}

function asBytes(value: number | Buffer): Buffer {
  if (typeof value === 'number') throw new RangeError('a number stands where a text is expected')
  return value
}

function decodeValue(type: Field['type'], value: number | Buffer): unknown {
  switch (type) {
    case 'int':
      return Number(value)
    case 'bool':
      return value !== 0
    case 'string':
      return asBytes(value).toString('utf8')
    case 'bytes':
      return asBytes(value).toString('base64')
    case 'time':
      return decodeTime(asBytes(value))
    case 'quantity':
      return decodeMessage(asBytes(value), { 1: { name: 'string', type: 'string' } })['string'] ?? '0'
    case 'int-or-string':
      return decodeIntOrString(asBytes(value))
    default:
      return decodeMessage(asBytes(value), type)
  }
}

/** Seconds since 1970 (and nanoseconds, which objects do not carry); undefined for an empty one. */
function decodeTime(bytes: Buffer): string | undefined {
  const { seconds } = decodeMessage(bytes, { 1: { name: 'seconds', type: 'int' }, 2: { name: 'nanos', type: 'int' } })
  return typeof seconds === 'number' ? new Date(seconds * 1000).toISOString().replace('.000Z', 'Z') : undefined
}

function decodeIntOrString(bytes: Buffer): unknown {
  const { type, number, text } = decodeMessage(bytes, {
    1: { name: 'type', type: 'int' },
    2: { name: 'number', type: 'int' },
    3: { name: 'text', type: 'string' },
  })
  return type === 1 ? (text ?? '') : (number ?? 0)
}
