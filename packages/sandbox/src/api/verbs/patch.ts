import type { Call } from '../cluster.ts'
import { invalid } from '../errors.ts'
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
  const patched = (): ApiObject => apply(structuredClone(present(existing, call.resource)), body)
  const isStrategic = contentType === 'application/strategic-merge-patch+json'
  // Patched once more for the quotation: the object is read in place.
  const quote = (): string => (isStrategic ? asGoText(body) : JSON.stringify(patched()))
  const wanted = readPatched(call, patched(), quote, isStrategic)
  checkLasting(call, existing, wanted)
  return changeObject(call, existing, wanted)
}

/**
 * A patch starts from the object as it is: another uid in it is no precondition, as it is in a PUT, but a change.
 * @throws StatusError 422, which names each field twice: two checks of the API server find it.
 */
export function checkLasting({ resource }: Call, { metadata }: ApiObject, wanted: ApiObject): void {
  const causes = LASTING.flatMap((field) => {
    const value = wanted.metadata[field]
    if (value === undefined || value === '' || value === metadata[field]) return []
    const message = `Invalid value: ${JSON.stringify(value)}: field is immutable`
    const cause = { reason: 'FieldValueInvalid', message, field: `metadata.${field}` }
    return [cause, cause]
  })
  if (causes.length > 0) throw invalid(resource, metadata.name, causes)
}

const LASTING = ['uid', 'deletionTimestamp'] as const

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
