import type { Call } from '../cluster.ts'
import { unsupportedMediaType } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { parseObject } from '../objects/parse.ts'
import { present } from '../objects/present.ts'
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from '../patch/index.ts'
import { StatusError } from '../status.ts'
import { changeObject, requireObject } from './update.ts'

const ACCEPTED = 'application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json'

/** PATCH: the stored object with the change applied goes the way of a PUT. */
export function patchObject(call: Call, body: unknown, contentType: string): ApiObject {
  const existing = requireObject(call)
  const base = structuredClone(present(existing, call.resource))
  const patched = applyPatch(base, body, contentType)
  return changeObject(call, existing, parseObject(patched, call.resource, call.path))
}

/**
 * Applies a patch of the kind that its media type names.
 * @throws StatusError 415 for other media types.
 */
export function applyPatch(base: ApiObject, patch: unknown, contentType: string): ApiObject {
  switch (contentType) {
    case 'application/json-patch+json':
      return applyJsonPatch(base, patch)
    case 'application/merge-patch+json':
      return applyMergePatch(base, patch)
    case 'application/strategic-merge-patch+json':
      return applyStrategicMergePatch(base, patch)
    case 'application/apply-patch+yaml':
      throw unsupportedMediaType(
        `server-side apply is not served by this sandbox: use client-side apply, or one of the patch types ${ACCEPTED}`,
      )
    default:
      throw new StatusError(
        415,
        'UnsupportedMediaType',
        `the body of the request was in an unknown format - accepted media types include: ${ACCEPTED}`,
        {},
      )
  }
}
