import { isDeepStrictEqual } from 'node:util'
import { fieldAt, isRecord, listAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue, required } from './cause.ts'
import { validateStructuralSchema } from './structural-schema.ts'

/**
 * The versions of a definition: their schemas, columns and subresources. What all versions have alike the API server speaks
 * of as of one.
 */
export function validateVersions(versions: readonly unknown[]): StatusCause[] {
  return [
    ...perVersion(versions, ['schema', 'openAPIV3Schema'], 'validation.openAPIV3Schema', checkSchema),
    ...perVersion(versions, ['subresources'], 'subresources', checkSubresources),
    ...perVersion(versions, ['additionalPrinterColumns'], 'additionalPrinterColumns', checkColumns),
  ]
}

type Check = (value: unknown, field: string) => StatusCause[]

/** `shared` is the name of what stands at `path` in every version, where it is the same in all of them. */
function perVersion(versions: readonly unknown[], path: string[], shared: string, check: Check): StatusCause[] {
  const values = versions.map((version) => fieldAt(version, ...path))
  const [first] = values
  const isShared = first !== undefined && values.every((value) => isDeepStrictEqual(value, first))
  if (isShared) return check(first, `spec.${shared}`)
  return values.flatMap((value, index) => check(value, `spec.versions[${index}].${path.join('.')}`))
}

function checkSchema(schema: unknown, field: string): StatusCause[] {
  return isRecord(schema) ? validateStructuralSchema(schema, field) : [required(field)]
}

function checkSubresources(subresources: unknown, field: string): StatusCause[] {
  const scale = fieldAt(subresources, 'scale')
  if (!isRecord(scale)) return []
  return ['specReplicasPath', 'statusReplicasPath'].flatMap((key) => checkPath(scale[key], `${field}.scale.${key}`))
}

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']

function checkColumns(columns: unknown, field: string): StatusCause[] {
  return (Array.isArray(columns) ? columns : []).flatMap((column: unknown, index) => {
    const at = `${field}[${index}]`
    const type = stringAt(column, 'type') ?? ''
    const known = type === '' ? [required(`${at}.type`)] : []
    const unknown = invalidValue(`${at}.type`, type, `must be one of ${COLUMN_TYPES.join(',')}`)
    return [
      ...(stringAt(column, 'name') ? [] : [required(`${at}.name`)]),
      ...(COLUMN_TYPES.includes(type) || known.length > 0 ? known : [unknown]),
      ...checkPath(stringAt(column, 'jsonPath') ?? '', `${at}.JSONPath`),
    ]
  })
}

function checkPath(path: unknown, field: string): StatusCause[] {
  if (path === undefined || path === '') return [required(field)]
  const isSimple = typeof path === 'string' && path.startsWith('.')
  return isSimple ? [] : [invalidValue(field, path, 'must be a simple json path starting with .')]
}

/** The versions in which objects were ever stored must stay, for their sake. */
export function validateStoredVersions(status: unknown, versions: readonly unknown[]): StatusCause[] {
  const names = versions.map((version) => stringAt(version, 'name'))
  return listAt(status, 'storedVersions').flatMap((stored, index) => {
    if (names.includes(String(stored))) return []
    const why =
      `missing from spec.versions; ${String(stored)} was previously a storage version, and must remain in spec.versions ` +
      `until a storage migration ensures no data remains persisted in ${String(stored)} and removes ${String(stored)} from ` +
      'status.storedVersions'
    return [invalidValue(`status.storedVersions[${index}]`, stored, why)]
  })
}
