import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const pages = globSync(
  '{*.md,docs/**/*.md,k8s/**/*.md,ops/**/*.md,gateway/*.md,serving/**/*.md,config/**/*.md,packages/*/**/*.md}',
  {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  },
).sort()

/** `[text](path#anchor)`, but not within code. */
const LINK = /\]\((?!https?:|mailto:)([^)\s]+)\)/g
const CODE = /^```[^]*?^```$|`[^`\n]*`/gm

test.each(pages)('every link of %s leads somewhere', (page) => {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(CODE, '')
  const broken = [...text.matchAll(LINK)].flatMap(([, target = '']) => {
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? join(root, page) : join(root, dirname(page), path)
    if (!existsSync(file)) return [target]
    return anchor === undefined || anchorsOf(file).has(decodeURIComponent(anchor)) ? [] : [target]
  })
  expect(broken).toEqual([])
})

/** Headings as GitHub names them. */
function anchorsOf(file: string): Set<string> {
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)
  return new Set([...headings].map(([, heading = '']) => anchorOf(heading)))
}

function anchorOf(heading: string): string {
  const text = heading.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1').toLowerCase()
  return text.replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-')
}
