import type { ApiObject } from '../object.ts'
import { numberAt, stringAt } from '../objects/fields.ts'
import { ageOf } from './age.ts'
import { nameColumn, text, wide } from './column.ts'
import type { Column } from './column.ts'

export const eventColumns: readonly Column[] = [
  { name: 'Last Seen', cell: lastSeen },
  text('Type', 'type'),
  text('Reason', 'reason'),
  { name: 'Object', cell: involvedObject },
  wide(text('Subobject', 'involvedObject.fieldPath')),
  wide({ name: 'Source', cell: source }),
  { name: 'Message', cell: (event) => (stringAt(event, 'message') ?? '').trim() },
  wide({ name: 'First Seen', cell: firstSeen }),
  wide({ name: 'Count', cell: occurrences }),
  wide(nameColumn),
]

function lastSeen(event: ApiObject, now: Date): string {
  const last = stringAt(event, 'series', 'lastObservedTime') ?? stringAt(event, 'lastTimestamp')
  return last === undefined ? firstSeen(event, now) : ageOf(last, now)
}

function firstSeen(event: ApiObject, now: Date): string {
  return ageOf(stringAt(event, 'firstTimestamp') ?? stringAt(event, 'eventTime'), now)
}

function occurrences(event: ApiObject): number {
  return numberAt(event, 'series', 'count') ?? (numberAt(event, 'count') || 1)
}

function involvedObject(event: ApiObject): string {
  const kind = (stringAt(event, 'involvedObject', 'kind') ?? '').toLowerCase()
  const name = stringAt(event, 'involvedObject', 'name') ?? ''
  return name === '' ? kind : `${kind}/${name}`
}

function source(event: ApiObject): string {
  const component = stringAt(event, 'source', 'component') || stringAt(event, 'reportingComponent')
  const host = stringAt(event, 'source', 'host') || stringAt(event, 'reportingInstance')
  return [component, host].filter(Boolean).join(', ')
}
