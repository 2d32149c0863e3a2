import type { PrinterColumn } from '../resources/resource.ts'
import { ageOf } from './age.ts'
import { ageColumn } from './column.ts'
import type { Column } from './column.ts'
import { findFirst } from './json-path.ts'

/** The columns a definition asks for, or the age where it asks for none. */
export function customColumns(printerColumns: readonly PrinterColumn[] = []): Column[] {
  if (printerColumns.length === 0) return [{ ...ageColumn, type: 'date' }]
  return printerColumns.map(({ jsonPath, ...column }) => ({
    description: `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    ...column,
    cell: (object, now) => cellOf(column.type, findFirst(object, jsonPath), now),
  }))
}

/** A value that is not of the column's type shows as nothing. */
function cellOf(type: string, value: unknown, now: Date): unknown {
  if (value === undefined || value === null) return null
  switch (type) {
    case 'date':
      return ageOf(value, now)
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    default:
      return typeof value === 'string' ? value : JSON.stringify(value)
  }
}
