import { isRecord } from './fields.ts'

/** A JSON value as Go prints it (`%v`): `map[metadata:map[labels:map[a:b]]]`. */
export function asGoText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(asGoText).join(' ')}]`
  if (!isRecord(value)) return typeof value === 'string' ? value : JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([key, member]) => `${key}:${asGoText(member)}`).join(' ')}]`
}
