import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const gateway = join(import.meta.dirname, '..', '..', 'gateway')
const docs = join(import.meta.dirname, '..', '..', 'docs')

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

test('guides name no metric that the gateway does not have', async () => {
  const reference = await readFile(join(docs, 'reference', 'gateway-records.md'), 'utf8')
  const known = new Set(tableRows(reference, 'Metrics').map(([name]) => unquoted(name)))
  const guide = await readFile(join(docs, 'guides', 'sre.md'), 'utf8')
  const named = [...guide.matchAll(/\bgateway_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''))
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((name) => !known.has(name))).toEqual([])
})

test('guides send app developers to codes that exist', async () => {
  const known = new Set(tableRows(await readme(), 'Errors').map(([, code]) => unquoted(code)))
  const guide = await readFile(join(docs, 'guides', 'app-developer.md'), 'utf8')
  const codes = tableRows(guide, 'Errors').flatMap(([, cell = '']) => cell.split(', ').map(unquoted))
  expect(codes.length).toBeGreaterThan(10)
  expect(codes.filter((code) => !known.has(code))).toEqual([])
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
