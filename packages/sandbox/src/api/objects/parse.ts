import { badRequest } from '../errors.ts'
import type { ObjectPath } from '../http/path.ts'
import type { ApiObject } from '../object.ts'
import type { Resource } from '../resources/resource.ts'
import { decodeCustom } from '../schema/decode-custom.ts'
import { decodeStruct } from '../schema/decode.ts'
import { DecodeError } from '../schema/place.ts'
import { schemaOf } from '../schema/schema-of.ts'
import type { StatusError } from '../status.ts'
import { checkDepth } from './depth.ts'
import { isApiObject, isRecord, stringAt } from './fields.ts'

/** `value` with the kind, version and metadata that a body may leave out, because the path says them. */
function completed(value: Record<string, unknown>, resource: Resource): Record<string, unknown> {
  const metadata = isRecord(value['metadata']) ? value['metadata'] : {}
  return {
    ...value,
    kind: stringAt(value, 'kind') ?? resource.kind,
    apiVersion: stringAt(value, 'apiVersion') ?? resource.apiVersion,
    metadata: { ...metadata, name: stringAt(metadata, 'name') ?? '' },
  }
}

/** How a body is read. */
export interface Reading {
  /** Gets the places of the fields that the kind does not have; they are dropped. */
  readonly unknown: string[]
  /** The answer to a value that is not of its field's type. */
  readonly refuse: (why: DecodeError) => StatusError
}

/**
 * A body as an object of the resource it was sent to, with the namespace of its path. Takes over what it is given.
 * @throws StatusError 400 where it is no object, of another kind, or for another name or namespace.
 */
export function parseObject(sent: unknown, resource: Resource, path: ObjectPath, reading: Reading): ApiObject {
  const value = sent === null ? {} : sent // as Go reads it
  if (!isRecord(value) || !hasTextualKind(value)) throw unrecognized(resource)
  checkDepth(value) // which may be what a patch has made of two
  checkKind(value, resource)
  decode(value, resource, reading)
  const object = ordered(completed(value, resource))
  if (!isApiObject(object)) throw unrecognized(resource)
  checkPlace(object, resource, path)
  if (resource.namespaced) object.metadata.namespace = path.namespace
  else delete object.metadata.namespace
  return object
}

function decode(value: Record<string, unknown>, resource: Resource, { unknown, refuse }: Reading): void {
  const schema = schemaOf(resource)
  if (!schema) return
  try {
    if (resource.custom) decodeCustom(value, schema, unknown)
    else decodeStruct(value, schema, unknown)
  } catch (error) {
    throw error instanceof DecodeError ? refuse(error) : error
  }
}

function hasTextualKind({ kind = '', apiVersion = '' }: Record<string, unknown>): boolean {
  return typeof kind === 'string' && typeof apiVersion === 'string'
}

function unrecognized({ kind }: Resource): Error {
  return badRequest(`the object provided is unrecognized (must be of type ${kind})`)
}

/** The order in which the API server writes an object: kind and version before the rest. */
function ordered({ kind, apiVersion, metadata, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return { kind, apiVersion, metadata, ...rest }
}

function checkKind(value: Record<string, unknown>, resource: Resource): void {
  const kind = stringAt(value, 'kind') ?? resource.kind
  const apiVersion = stringAt(value, 'apiVersion') ?? resource.apiVersion
  if (kind !== resource.kind || apiVersion !== resource.apiVersion) {
    const sent = `${kind} in version ${JSON.stringify(apiVersion)}`
    throw badRequest(`${sent} cannot be handled as a ${resource.kind} in version "${resource.apiVersion}"`)
  }
}

function checkPlace({ metadata }: ApiObject, resource: Resource, path: ObjectPath): void {
  if (path.name !== '' && metadata.name !== path.name && metadata.name !== '') {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${path.name})`)
  }
  if (resource.namespaced && metadata.namespace !== undefined && metadata.namespace !== path.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
}
