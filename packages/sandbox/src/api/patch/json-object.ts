import type { ApiObject } from '../object.ts'
import { isApiObject } from '../objects/fields.ts'
import { StatusError } from '../status.ts'

export type JsonObject = Record<string, unknown>

/** Checks that the result of a patch is still an object of the same kind with a name. */
export function asPatched(original: ApiObject, patched: unknown): ApiObject {
  if (!isApiObject(patched) || patched.metadata.name === '') {
    throw new StatusError(
      400,
      'BadRequest',
      `the name of the object (${original.metadata.name} based on URL) was undeterminable: name must be provided`,
    )
  }
  if (patched.kind !== original.kind || patched.apiVersion !== original.apiVersion) {
    throw invalidPatch(`a patch cannot make a ${patched.apiVersion} ${patched.kind} of a ${original.kind}`)
  }
  return patched
}

/** A patch whose result cannot be an object of this kind. */
export function invalidPatch(message: string): StatusError {
  const causes = [{ reason: 'FieldValueInvalid', message, field: 'patch' }]
  return new StatusError(422, 'Invalid', ` "" is invalid: patch: ${message}`, { causes })
}

export function badPatch(message: string): StatusError {
  return new StatusError(400, 'BadRequest', `error decoding patch: ${message}`)
}

/** The name Go gives to the type of a JSON value, as the API server's messages use it. */
export function jsonType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
