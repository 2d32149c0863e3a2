import type { ApiObject } from '../object.ts'
import { isRecord } from '../objects/fields.ts'
import type { Schema } from '../schema/schema.ts'
import { appliedFields } from './applied-fields.ts'
import { compare } from './compare.ts'
import type { Conflict } from './conflict.ts'
import { difference, isEmpty, union } from './field-set.ts'

/** Where client-side apply keeps the configuration, the state of which server-side apply takes over. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
/** The manager as which kubectl applies; others do not take over what client-side apply left. */
const KUBECTL = 'kubectl'

/**
 * The conflicts that are not about fields as the last client-side apply left them: where it is kubectl itself that goes
 * over to server-side apply, those are its own.
 */
export function foreignConflicts(
  conflicts: readonly Conflict[],
  live: ApiObject,
  manager: string,
  schema: Schema,
): readonly Conflict[] {
  const last = manager === KUBECTL ? parseConfiguration(live.metadata.annotations?.[LAST_APPLIED]) : undefined
  if (!last) return conflicts
  const { added, modified, removed } = compare(last, live, schema)
  const since = union(union(added, modified), removed)
  const fields = difference(appliedFields(last, schema), since)
  return conflicts
    .map((conflict) => ({ ...conflict, fields: difference(conflict.fields, fields) }))
    .filter((conflict) => !isEmpty(conflict.fields))
}

function parseConfiguration(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Keeps the annotation of an object in step, for a client that goes back to client-side apply. */
export function syncLastApplied(object: ApiObject, config: Readonly<Record<string, unknown>>, manager: string): void {
  const { annotations } = object.metadata
  if (manager !== KUBECTL || !annotations?.[LAST_APPLIED]) return
  annotations[LAST_APPLIED] = `${JSON.stringify(sorted(withoutAnnotation(config)))}\n`
}

function withoutAnnotation(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { metadata } = config
  if (!isRecord(metadata) || !isRecord(metadata['annotations'])) return { ...config }
  const { [LAST_APPLIED]: _last, ...annotations } = metadata['annotations']
  return { ...config, metadata: { ...metadata, annotations } }
}

/** With the keys of objects in order, as Go writes maps. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => sorted(item))
  if (!isRecord(value)) return value
  const keys = Object.keys(value).sort()
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]))
}
