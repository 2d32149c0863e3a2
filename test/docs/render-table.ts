/** A table of Markdown whose columns are aligned, as the formatter has it. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const [first = '', ...others] = all.map((row) => renderRow(widths.map((width, i) => (row[i] ?? '').padEnd(width))))
  return [first, renderRow(widths.map((width) => '-'.repeat(width))), ...others, ''].join('\n')
}

function renderRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
