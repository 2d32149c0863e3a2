import { MAX_MANAGER_BYTES, UNPRINTABLE } from '../apply/field-manager.ts'
import { invalidOptions } from '../errors.ts'
import type { Verb } from '../resources/resource.ts'
import type { StatusCause } from '../status.ts'

const KINDS: Readonly<Partial<Record<Verb, string>>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
}

/** The media types of server-side apply. */
export function isApply(contentType: string): boolean {
  return contentType === 'application/apply-patch+yaml'
}

/** Whether an apply takes fields of others. Go reads any word but these as true. */
export function isForced(query: URLSearchParams): boolean {
  const value = query.get('force')
  return value !== null && value !== 'false' && value !== '0'
}

/**
 * Checks the options of a write, which are in the query.
 * @throws StatusError 422 with all that is wrong with them.
 */
export function checkWriteOptions(query: URLSearchParams, verb: Verb, contentType: string): void {
  const kind = KINDS[verb]
  if (kind === undefined) return
  const causes = [
    ...(verb === 'patch' ? patchCauses(query, isApply(contentType)) : []),
    ...managerCauses(query.get('fieldManager') ?? ''),
    ...dryRunCauses(query.getAll('dryRun')),
  ]
  if (causes.length > 0) throw invalidOptions(kind, causes)
}

function patchCauses(query: URLSearchParams, apply: boolean): StatusCause[] {
  if (!apply) {
    const message = 'Forbidden: may not be specified for non-apply patch'
    return query.has('force') ? [{ reason: 'FieldValueForbidden', message, field: 'force' }] : []
  }
  if (query.get('fieldManager')) return []
  const message = 'Required value: is required for apply patch'
  return [{ reason: 'FieldValueRequired', message, field: 'fieldManager' }]
}

function managerCauses(manager: string): StatusCause[] {
  const field = 'fieldManager'
  if (Buffer.byteLength(manager) > MAX_MANAGER_BYTES) {
    return [
      { reason: 'FieldValueTooLong', message: `Too long: may not be more than ${MAX_MANAGER_BYTES} bytes`, field },
    ]
  }
  const place = manager.search(UNPRINTABLE)
  if (place < 0) return []
  const code = (manager.codePointAt(place) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const why = `invalid character U+${code} (at position ${Buffer.byteLength(manager.slice(0, place))})`
  return [{ reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(manager)}: ${why}`, field }]
}

/** What is wrong with the values of `dryRun`, of which there is one. */
export function dryRunCauses(values: readonly unknown[]): StatusCause[] {
  if (values.every((value) => value === 'All')) return []
  const message = `Unsupported value: ${JSON.stringify(values)}: supported values: "All"`
  return [{ reason: 'FieldValueNotSupported', message, field: 'dryRun' }]
}
