import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The cells of the first table below a heading of a page in `docs/reference`, without the table's own head. */
export async function readTable(page: string, heading: string): Promise<string[][]> {
  const text = await readFile(join(import.meta.dirname, '..', '..', '..', 'docs', 'reference', page), 'utf8')
  const [, section = ''] = text.split(`\n## ${heading}\n`)
  const [body = ''] = section.split('\n## ')
  const rows = body.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** The name in code style that a cell begins with. */
export function nameIn(cell: string | undefined): string {
  return /^`([^`]+)`/.exec(cell ?? '')?.[1] ?? ''
}
