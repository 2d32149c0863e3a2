import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nexusBin, root } from '../e2e/clusters/paths.ts'
import { run } from '../e2e/clusters/run.ts'

const COMMANDS = [
  'up',
  'down',
  'sandbox node',
  'sandbox controllers',
  'status',
  'catalog list',
  'catalog show',
  'deploy',
  'edit',
  'stop',
  'start',
  'list',
  'describe',
  'logs',
  'chat',
  'delete',
  'migrate',
  'cleanup legacy',
  'rotate-key',
  'gateway keys create',
  'gateway keys list',
  'gateway keys rotate',
  'gateway keys revoke',
  'gateway usage',
  'gateway config print',
  'gateway config check',
  'version',
]

const EXIT_CODES = `## Exit codes

| code | meaning |
| --- | --- |
| 0 | done |
| 1 | failed |
| 2 | the command line or an input is wrong |
| 3 | not found |
| 4 | not allowed |
| 5 | not ready in time |
| 6 | refused: it would harm something, or needs a yes |
| 130 | interrupted |
`

test('docs/reference/cli.md is what the commands say of themselves', { timeout: 120_000 }, async () => {
  const overview = await help()
  for (const command of COMMANDS) expect(overview).toContain(command.split(' ')[0])
  const sections: string[] = []
  for (const command of COMMANDS) sections.push(`## nexus ${command}\n\n${fenced(await help(...command.split(' ')))}`)
  const page = `# The nexus command

Data goes to standard output, everything said to a person to standard error. Nothing asks a question without a terminal.
The cluster is that of \`--kubeconfig\`, \`KUBECONFIG\`, the pod the command runs in or \`~/.kube/config\`, in this order; where
there is none, the running sandbox. This page is written from the commands: \`npm run golden\` writes it anew.

${fenced(overview)}
${sections.join('\n')}
${EXIT_CODES}`
  await expect(page).toMatchFileSnapshot(join(root, 'docs', 'reference', 'cli.md'))
})

async function help(...command: string[]): Promise<string> {
  const ran = await run(nexusBin, [...command, '--help'], { env: { NODE_DISABLE_COMPILE_CACHE: '1', COLUMNS: '110' } })
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  return ran.stdout
}

function fenced(text: string): string {
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`
}
