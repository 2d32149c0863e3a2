import type { Fields } from './fields.ts'
import { invalid, isRecord, readObject } from './fields.ts'

/** What the content of an answer must be when it is not plain text. */
export type OutputFormat = { readonly kind: 'object' } | { readonly kind: 'schema'; readonly schema: unknown }

/** `response_format` of a chat; undefined: text. */
export function chatFormat(fields: Fields): OutputFormat | undefined {
  const format = readObject(fields, 'response_format')
  return parseFormat(format, format?.['json_schema'], 'response_format')
}

/** `text.format` of a response; undefined: text. */
export function responseFormat(fields: Fields): OutputFormat | undefined {
  const format = readObject(readObject(fields, 'text') ?? {}, 'format')
  return parseFormat(format, format, 'text.format')
}

function parseFormat(format: Fields | undefined, holder: unknown, param: string): OutputFormat | undefined {
  const type = format?.['type'] ?? 'text'
  if (type === 'text') return undefined
  if (type === 'json_object') return { kind: 'object' }
  if (type !== 'json_schema') throw invalid(`${param}.type`, 'must be text, json_object or json_schema')
  if (!isRecord(holder) || !isRecord(holder['schema'])) throw invalid(param, 'has no schema')
  return { kind: 'schema', schema: holder['schema'] }
}
