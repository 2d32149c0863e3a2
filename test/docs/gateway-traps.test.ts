import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../e2e/clusters/paths.ts'

const TRAPS = 38

/** One trap of the page. */
interface Row {
  readonly number: string
  readonly trap: string
  readonly what: string
  readonly tests: readonly { readonly file: string; readonly name: string }[]
}

describe('docs/reference/gateway-traps.md', () => {
  test('names every trap once, in order, says what is done and which tests show it', async () => {
    const rows = await readRows()
    expect(rows.map(({ number }) => Number(number))).toEqual(Array.from({ length: TRAPS }, (_, index) => index + 1))
    for (const { number, trap, what, tests } of rows) {
      expect([number, trap.length > 10, what.length > 20, tests.length > 0]).toEqual([number, true, true, true])
    }
    expect(new Set(rows.map(({ trap }) => trap)).size).toBe(TRAPS)
  })

  test('names tests that exist', async () => {
    const known = new Map<string, ReadonlySet<string>>()
    const missing: string[] = []
    for (const { number, tests } of await readRows()) {
      for (const { file, name } of tests) {
        const names = known.get(file) ?? (await testNamesOf(file))
        known.set(file, names)
        if (!names.has(name)) missing.push(`${number}: ${file} › ${name}`)
      }
    }
    expect(missing).toEqual([])
  })
})

test('a name counts only as that of a test, not as one of a group, a comment or a skipped test', () => {
  const source = `
describe('a group', () => {
  test('one', async () => {})
  test.each([
    ['case', 1],
  ])('two: %s', (_case) => {})
  test.skipIf(!here)(
    'three',
    async () => {},
  )
  test.skip('four', () => {})
  // test('five', () => {})
  test('it’s \\'six\\'', { timeout: 1 }, () => {})
})
`
  expect(testNamesIn(source)).toEqual(new Set(['one', 'two: %s', 'three', "it’s 'six'"]))
})

async function readRows(): Promise<Row[]> {
  const page = await readFile(join(root, 'docs', 'reference', 'gateway-traps.md'), 'utf8')
  const lines = page.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) => {
    const [number = '', trap = '', what = '', tests = ''] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    return { number, trap, what, tests: tests.split('<br>').map(parseReference) }
  })
}

/** `file` › name. Files are below `gateway/src` unless they begin with `test/`. */
function parseReference(text: string): Row['tests'][number] {
  const [, file = '', name = ''] = /^`([^`]+)` › (.+)$/.exec(text) ?? []
  return { file: file.startsWith('test/') ? file : `gateway/src/${file}`, name }
}

async function testNamesOf(file: string): Promise<ReadonlySet<string>> {
  try {
    return testNamesIn(await readFile(join(root, file), 'utf8'))
  } catch {
    return new Set()
  }
}

/** What a source calls its tests, as it is written there: `%s` and the like stay. */
function testNamesIn(source: string): ReadonlySet<string> {
  // From a `test` that begins a line to the first text that is an argument of it, or of what `each` or `skipIf` gave.
  const test =
    /^[ \t]*test\b(?!\.(?:skip|todo)\b)(?:\.\w+)*(?:(?:(?!^[ \t]*(?:test|describe)\b)[^])*?\))??\(\s*(['`"])((?:\\.|(?!\1)[^\\])*)\1,/gm
  return new Set([...source.matchAll(test)].map(([, , name = '']) => name.replaceAll(/\\(.)/g, '$1')))
}
