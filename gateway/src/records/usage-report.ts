import type { UsageRequest } from './usage-arguments.ts'
import type { UsageTotal } from './usage-totals.ts'

/** The totals in the order of the report: days by date, everything else by tokens, the most first. */
export function renderUsage(totals: ReadonlyMap<string, UsageTotal>, { by, format }: UsageRequest): string {
  const groups = [...totals].sort(([a, left], [b, right]) =>
    by === 'day' ? compare(a, b) : tokens(right) - tokens(left) || compare(a, b),
  )
  if (format === 'json')
    return `${JSON.stringify(
      groups.map((group) => asJson(by, group)),
      null,
      2,
    )}\n`
  const rows = [
    [by, 'requests', 'errors', 'prompt_tokens', 'completion_tokens', 'total_tokens', 'counted_requests'],
    ...groups.map(([name, total]) => [name, ...numbersOf(total).map(String)]),
  ]
  return format === 'csv' ? rows.map((row) => `${row.map(csvField).join(',')}\n`).join('') : renderTable(rows)
}

function asJson(by: string, [name, total]: readonly [string, UsageTotal]): object {
  const [requests, errors, prompt_tokens, completion_tokens, total_tokens, counted_requests] = numbersOf(total)
  return { [by]: name, requests, errors, prompt_tokens, completion_tokens, total_tokens, counted_requests }
}

function numbersOf(total: UsageTotal): number[] {
  const { requests, errors, promptTokens, completionTokens, counted } = total
  return [requests, errors, promptTokens, completionTokens, tokens(total), counted]
}

function tokens({ promptTokens, completionTokens }: UsageTotal): number {
  return promptTokens + completionTokens
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** RFC 4180. */
function csvField(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}

function renderTable(rows: readonly (readonly string[])[]): string {
  // A name must not move the cursor of the terminal that shows it.
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll(/\p{C}/gu, '')))
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const lines = cells.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))),
  )
  return lines.map((row) => `${row.join('  ')}\n`).join('')
}
