import type { Call } from '../cluster.ts'
import { StatusError } from '../status.ts'
import type { ApiObject } from '../object.ts'
import { readPatched } from '../objects/field-validation.ts'
import { asGoText } from '../objects/go-text.ts'
import { present } from '../objects/present.ts'
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from '../patch/index.ts'
import { changeObject, requireObject } from './update.ts'

/** PATCH: the stored object with the change applied goes the way of a PUT. */
export function patchObject(call: Call, body: unknown, contentType: string): ApiObject {
  const apply = patchOf(contentType)
  const existing = requireObject(call)
  const base = structuredClone(present(existing, call.resource))
  const patched = apply(base, body)
  const quote = (): string => {
    return contentType === 'application/strategic-merge-patch+json' ? asGoText(body) : JSON.stringify(patched)
  }
  return changeObject(call, existing, readPatched(call, patched, quote))
}

/**
 * How a patch of this media type is applied. Asked before anything else: a client must learn that its kind of patch is
 * not served, and not that the object it would create is missing.
 * @throws StatusError 415 for other media types.
 */
export function patchOf(contentType: string): (base: ApiObject, patch: unknown) => ApiObject {
  switch (contentType) {
    case 'application/json-patch+json':
      return applyJsonPatch
    case 'application/merge-patch+json':
      return applyMergePatch
    case 'application/strategic-merge-patch+json':
      return applyStrategicMergePatch
    default:
      throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
  }
}
