import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const pages = globSync('docs/ko/*.md', { cwd: root })
  .filter((page) => !page.endsWith('README.md'))
  .sort()

interface Page {
  /** The levels of its headings, in order. */
  readonly headings: readonly number[]
  readonly code: readonly string[]
  /** Rows of its tables. */
  readonly rows: number
}

async function read(path: string): Promise<Page> {
  const text = await readFile(join(root, path), 'utf8')
  const prose = text.replaceAll(CODE, '')
  return {
    headings: [...prose.matchAll(/^(#+) /gm)].map(([, hashes = '']) => hashes.length),
    code: [...text.matchAll(CODE)].map(([block]) => block),
    rows: [...prose.matchAll(/^\|/gm)].length,
  }
}

const CODE = /^```[^]*?^```$/gm

test('there are Korean pages', () => {
  expect(pages.length).toBeGreaterThan(3)
})

test.each(pages)('%s has the chapters, tables and commands of its English page', async (page) => {
  const [, source] = /\[영어 원문\]\(([^)]+)\)/.exec(await readFile(join(root, page), 'utf8')) ?? []
  expect(source).toBeDefined()
  expect(await read(page)).toEqual(await read(join(dirname(page), source ?? '')))
})

test('the Korean contents name every Korean page', async () => {
  const contents = await readFile(join(root, 'docs/ko/README.md'), 'utf8')
  for (const page of pages) expect(contents).toContain(`](${page.slice('docs/ko/'.length)})`)
})
