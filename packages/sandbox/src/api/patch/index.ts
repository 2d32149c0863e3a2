import type { ApiObject } from '../object.ts'
import { StatusError } from '../status.ts'
import { isRecord } from '../objects/fields.ts'
import { splitApiVersion } from '../resources/builtin.ts'
import { builtinSchema } from '../schema/builtin.ts'
import { asPatched, badPatch, jsonType } from './json-object.ts'
import { jsonPatch } from './json-patch.ts'
import { mergePatch } from './merge-patch.ts'
import { strategicMerge } from './strategic-merge.ts'

// Each of these returns an object that shares nothing with its arguments: the caller may fill in defaults.

/** `application/json-patch+json` (RFC 6902). @throws {StatusError} 400, 413 or 422. */
export function applyJsonPatch(object: ApiObject, operations: unknown): ApiObject {
  return asPatched(object, jsonPatch(object, operations))
}

/** `application/merge-patch+json` (RFC 7396). @throws {StatusError} 400 or 422. */
export function applyMergePatch(object: ApiObject, patch: unknown): ApiObject {
  if (patch === null) throw new StatusError(400, 'BadRequest', 'Invalid JSON Patch')
  if (!isRecord(patch)) throw badPatch(notAnObject(patch))
  return asPatched(object, structuredClone(mergePatch(object, patch)))
}

/**
 * `application/strategic-merge-patch+json`, for built-in kinds only.
 *
 * @throws {StatusError} 415 for a custom resource; 400, 422 or 500 for a patch that makes no sense.
 */
export function applyStrategicMergePatch(object: ApiObject, patch: unknown): ApiObject {
  const { group, version } = splitApiVersion(object.apiVersion)
  const schema = builtinSchema(group, version, object.kind)
  if (schema === undefined) throw unsupported()
  if (patch === null) return structuredClone(object) // as Go reads it: nothing to do
  if (!isRecord(patch)) throw new StatusError(400, 'BadRequest', notAnObject(patch))
  const { kind, apiVersion } = object
  return asPatched(object, structuredClone({ ...strategicMerge({ ...object }, patch, schema), kind, apiVersion }))
}

function notAnObject(patch: unknown): string {
  return `json: cannot unmarshal ${jsonType(patch)} into Go value of type map[string]interface {}`
}

function unsupported(): StatusError {
  const accepted = 'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml'
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted}`
  return new StatusError(415, 'UnsupportedMediaType', message)
}
