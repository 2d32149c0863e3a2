import type { ApiObject } from './object.ts'
import type { StatusCause } from './status.ts'

/** What is wrong with an object. */
export function validateObject({ metadata: { name } }: ApiObject): StatusCause[] {
  if (name !== '') return []
  const message = 'Required value: name or generateName is required'
  return [{ reason: 'FieldValueRequired', message, field: 'metadata.name' }]
}
