import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHAT_FLOWS, ROUTE_FLOWS } from '../contract/openai/answer-flows.ts'
import { FAILURE_FLOWS, STREAM_FLOWS } from '../contract/openai/failure-flows.ts'
import type { Flow } from '../contract/openai/flow.ts'
import { renderTable } from './render-table.ts'

const root = join(import.meta.dirname, '..', '..')

test('docs/reference/openai-clients.md lists the flows that are run', async () => {
  const node = await clientOfNode()
  const python = await clientOfPython()
  const page = `# The official OpenAI clients

Whether an application notices the gateway is decided by the clients it uses. The official ones run each flow below twice, against a
server and through the gateway in front of it, and must see the same: the same texts, the same errors, the same number of calls.
The server is the [mock worker](../../serving/mock-worker/README.md), whose faults make it fail, hang, break off and send its bytes
in unusual pieces. This page is written from the flows: \`npm run golden\` writes it anew.

${renderTable(
  ['Client', 'Version', 'Flows', 'Run by'],
  [
    ['`openai` for Node', node.version, String(node.flows), '`test/contract/openai-node.test.ts`'],
    ['`openai` for Python', python.version, String(python.names.length), '`test/contract/openai-python.test.ts`'],
  ],
)}
The Python client needs a Python: \`test/contract/openai_python/setup\` makes a virtual environment and prints what to set
\`NEXUS_OPENAI_PYTHON\` to. Without it its tests are skipped.

## What is different through the gateway

One thing, on purpose: a stream that its server ends too early, without saying why, looks whole to a client that talks to the server. The
gateway ends it with an error event, which the clients throw.

## Node

${section('Chats', CHAT_FLOWS)}
${section('Other routes', ROUTE_FLOWS)}
${section('Errors, retries and timeouts', FAILURE_FLOWS)}
${section('Leaving, long streams, many at once, bytes in unusual pieces', STREAM_FLOWS)}
## Python

${list(python.names)}`
  await expect(page).toMatchFileSnapshot(join(root, 'docs', 'reference', 'openai-clients.md'))
})

async function clientOfNode(): Promise<{ version: string; flows: number }> {
  const manifest = await readFile(join(root, 'node_modules', 'openai', 'package.json'), 'utf8')
  const [, version = ''] = /"version": "([^"]+)"/.exec(manifest) ?? []
  expect(version).not.toBe('')
  return { version, flows: [CHAT_FLOWS, ROUTE_FLOWS, FAILURE_FLOWS, STREAM_FLOWS].flat().length }
}

/** The flows are the functions that `@flow` stands above. */
async function clientOfPython(): Promise<{ version: string; names: string[] }> {
  const folder = join(root, 'test', 'contract', 'openai_python')
  const source = await readFile(join(folder, 'flows.py'), 'utf8')
  const names = [...source.matchAll(/^@flow\([^]*?^def (\w+)\(/gm)].map(([, name = '']) => name.replaceAll('_', ' '))
  expect(names).toHaveLength(source.split('\n@flow(').length - 1)
  const [, version = ''] = /^openai==(\S+)/.exec(await readFile(join(folder, 'requirements.txt'), 'utf8')) ?? []
  expect(version).not.toBe('')
  return { version, names }
}

function section(title: string, flows: readonly Flow[]): string {
  return `### ${title}\n\n${list(flows.map(({ name }) => name))}`
}

function list(names: readonly string[]): string {
  return `${names.map((name) => `- ${name}`).join('\n')}\n`
}
