import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const gateway = join(import.meta.dirname, '..', '..', 'gateway')

test('gateway/README.md explains every error code with its status', async () => {
  const source = await readFile(join(gateway, 'src', 'errors.ts'), 'utf8')
  const codes = [...source.matchAll(/^ {2}(\w+): \{ status: (\d+), type: /gm)].map(
    ([, code, status]) => `${status} ${code}`,
  )
  expect(codes.length).toBeGreaterThan(20)
  const rows = tableRows(await readme(), 'Errors')
  expect(new Set(rows.map(([status, code]) => `${status} ${unquoted(code)}`))).toEqual(new Set(codes))
})

test('gateway/README.md names every route', async () => {
  const source = await readFile(join(gateway, 'src', 'routes', 'table.ts'), 'utf8')
  const paths = [...source.matchAll(/method: '\w+', path: '([^']+)'/g)].map(([, path = '']) => path)
  expect(paths.length).toBeGreaterThan(12)
  const named = tableRows(await readme(), 'What it answers')
    .map(([cell = '']) => cell)
    .join(' ')
  for (const path of paths) expect(named).toMatch(new RegExp(`[ \`]${path.replace('*', '\\*')}\``))
})

function readme(): Promise<string> {
  return readFile(join(gateway, 'README.md'), 'utf8')
}

/** The cells of the first table below a heading, without its head. */
function tableRows(page: string, heading: string): string[][] {
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  const lines = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

function unquoted(cell = ''): string {
  return cell.replaceAll('`', '')
}
