import { expect, test } from 'vitest'
import { displayWidth, renderTable, withoutControls } from './table.ts'
import type { Column } from './table.ts'

interface Row {
  readonly name: string
  readonly model: string
}

const columns: readonly Column<Row>[] = [
  { heading: 'NAME', cell: (row) => row.name },
  { heading: 'MODEL', cell: (row) => row.model },
  { heading: 'IMAGE', cell: (row) => `nvcr.io/${row.model}`, wide: true },
]

test('a table is aligned like kubectl’s, without trailing blanks', () => {
  const rows = [
    { name: 'llama', model: 'llama-3.1-8b-instruct' },
    { name: 'a-longer-name', model: '' },
  ]
  expect(renderTable(columns, rows)).toBe(
    'NAME            MODEL\nllama           llama-3.1-8b-instruct\na-longer-name   <none>\n',
  )
})

test('wide columns are shown only when they are asked for', () => {
  const rows = [{ name: 'llama', model: 'm' }]
  expect(renderTable(columns, rows)).not.toContain('IMAGE')
  expect(renderTable(columns, rows, true)).toContain('nvcr.io/m')
})

test('Korean text takes two columns a letter', () => {
  expect(displayWidth('라마')).toBe(4)
  const rows = [
    { name: '라마', model: 'a' },
    { name: 'abcd', model: 'b' },
  ]
  const [, first = '', second = ''] = renderTable(columns, rows).split('\n')
  expect(first).toBe('라마   a')
  expect(second).toBe('abcd   b')
})

test.each([
  ['\u001B[31mred\u001B[0m', 'red'],
  ['bell\u0007', 'bell'],
  ['line\nbreak\ttab', 'line\nbreak\ttab'],
  ['\u009B31mraw', '31mraw'],
])('%j loses what steers a terminal', (text, safe) => {
  expect(withoutControls(text)).toBe(safe)
})
