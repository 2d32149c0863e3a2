/** A column of a table: its heading, and what stands in it for a row. */
export interface Column<Row> {
  readonly heading: string
  readonly cell: (row: Row) => string
  /** Shown with `-o wide` only. */
  readonly wide?: boolean
}

/**
 * Rows as kubectl prints them: no borders, three spaces between columns, the last column unpadded, empty cells as
 * `<none>`.
 */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], wide = false): string {
  const shown = columns.filter((column) => wide || column.wide !== true)
  const lines = [
    shown.map((column) => column.heading),
    ...rows.map((row) => shown.map((column) => printable(column.cell(row)))),
  ]
  const widths = shown.map((_, index) => Math.max(...lines.map((line) => displayWidth(line[index] ?? ''))))
  return lines.map((line) => `${renderLine(line, widths)}\n`).join('')
}

function renderLine(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - displayWidth(cell)))
    .join('   ')
    .trimEnd()
}

/** Cell text on one line, without characters that steer a terminal. */
function printable(cell: string): string {
  const text = withoutControls(cell).replaceAll(/\s+/g, ' ').trim()
  return text === '' ? '<none>' : text
}

/** Text from elsewhere that is safe to print: escape sequences and other control characters are dropped. */
export function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the control characters are what is looked for
  return text.replaceAll(/\u001B\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '')
}

/** Columns a terminal needs: two for East Asian wide characters and emoji, none for combining marks. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text) width += widthOf(character)
  return width
}

function widthOf(character: string): number {
  if (/\p{Mark}/u.test(character)) return 0
  return /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Extended_Pictographic}/u.test(
    character,
  )
    ? 2
    : 1
}
