import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

/** A code, and the comment above it in its union. */
interface ErrorCode {
  readonly code: string
  readonly meaning: string
}

test('docs/reference/errors.md explains every code, in the words of the source', async () => {
  const sources: string[] = []
  for await (const source of glob('packages/*/src/**/*error*.ts', { cwd: root })) sources.push(source)
  const sections: string[] = []
  for (const source of sources.sort()) {
    const codes = codesOf(await readFile(join(root, source), 'utf8'))
    if (codes.length > 0) sections.push(renderSection(source, codes))
  }
  expect(sections.length).toBeGreaterThan(4)
  await expect(renderPage(sections)).toMatchFileSnapshot(join(root, 'docs', 'reference', 'errors.md'))
})

function codesOf(text: string): ErrorCode[] {
  const member =
    /(?:\/\*\*\s*((?:(?!\*\/)[^])*?)\s*\*\/\s*)?\|?\s*'(NEXUS_[A-Z_]+)'(?=\s*(?:\||\/\*\*|\n\s*\/\*\*|\n\n|$))/gm
  const unions = [...text.matchAll(/^(?:export )?type \w*Code =([^]*?)(?=\n\n|$(?![^]))/gm)].map(
    ([, union]) => union ?? '',
  )
  return unions.flatMap((union) =>
    [...union.matchAll(member)].map(([, comment = '', code = '']) => ({
      code,
      meaning: comment.replaceAll(/\s*\n\s*\*?\s*/g, ' ').trim(),
    })),
  )
}

function renderSection(source: string, codes: readonly ErrorCode[]): string {
  const [, name = ''] = /^packages\/([^/]+)\//.exec(source) ?? []
  const rows = codes.map(({ code, meaning }) => `| \`${code}\` | ${meaning || describe(code)} |`)
  return [`## @nexus/${name} (\`${source}\`)`, '', '| code | meaning |', '| --- | --- |', ...rows].join('\n')
}

/** A code whose words say it all: `NEXUS_DEPLOY_TEMPLATE_MISSING` → `Template missing.` */
function describe(code: string): string {
  const words = code.split('_').slice(2).join(' ').toLowerCase()
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}

function renderPage(sections: readonly string[]): string {
  const preface = [
    '# Errors',
    '',
    'Every error that Nexus raises on purpose has a code, a message (what happened and why) and a hint (what to do next).',
    'This page is written from the sources: `npm run golden` writes it anew.',
    '',
    'The gateway answers in the error envelope of the OpenAI API; its codes are in `gateway/README.md`. What is wrong with its',
    'configuration it says at start, all at once, and ends with exit code 78.',
  ]
  return `${preface.join('\n')}\n\n${sections.join('\n\n')}\n`
}
