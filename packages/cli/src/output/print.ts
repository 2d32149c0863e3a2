import type { Shell } from '../shell.ts'
import { renderTable } from './table.ts'
import type { Column } from './table.ts'

export const OUTPUT_FORMATS = ['json', 'yaml', 'name', 'wide'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

export interface Printed<Row> {
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  /** One line of `-o name`. */
  readonly name: (row: Row) => string
  /** What `-o json` and `-o yaml` show; the rows themselves by default. */
  readonly data?: unknown
  /** Said on stderr instead of an empty table. */
  readonly empty: string
}

/** Prints rows in the format that was asked for; a table by default. */
export async function print<Row>(shell: Shell, format: OutputFormat | undefined, printed: Printed<Row>): Promise<void> {
  const { rows, columns, name, empty } = printed
  const data = printed.data ?? rows
  switch (format) {
    case 'json':
      return shell.out(`${JSON.stringify(data, null, 2)}\n`)
    case 'yaml': {
      const { stringify } = await import('yaml')
      return shell.out(stringify(data))
    }
    case 'name':
      return shell.out(rows.map((row) => `${name(row)}\n`).join(''))
    case 'wide':
    case undefined:
      return rows.length === 0 ? shell.talk(empty) : shell.out(renderTable(columns, rows, format === 'wide'))
    default:
      return format satisfies never
  }
}

/** `value` so that any POSIX shell reads it back as one word. */
export function shellQuote(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`
}
