import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { runConfigCommand } from './config-command.ts'
import { writeConfig } from './testing.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const examples = globSync(join(root, 'gateway/examples/*.yaml')).sort()
const pages = globSync(['gateway/*.md', 'docs/{guides,reference}/*.md', 'k8s/gateway/*.md'], { cwd: root }).sort()

/** Configurations that stand in a page, by the page and their position in it. */
const onPages = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/```yaml\n([^]*?)```/g)]
    .map(([, text = '']) => text)
    .filter((text) => text.includes('kind: GatewayConfig'))
    .map((text, index): [string, number, string] => [page, index + 1, text]),
)

/** What the examples take from where they run. */
const ENVIRONMENT = {
  GATEWAY_API_KEYS: 'gw-test-example',
  NVIDIA_API_KEY: 'nvapi-test-example',
  KUBERNETES_SERVICE_HOST: '10.96.0.1',
}

/** What `nexus-gateway config check --file …` says. */
async function check(file: string) {
  const said = { stdout: '', stderr: '' }
  const code = await runConfigCommand(['check', '--file', file], {
    stdout: { write: (text) => (said.stdout += text) },
    stderr: { write: (text) => (said.stderr += text) },
    env: ENVIRONMENT,
  })
  return { code, ...said }
}

const VALID = { code: 0, stdout: 'the configuration is valid\n', stderr: '' }

test('there are examples, in files and on pages', () => {
  expect(examples.length).toBeGreaterThan(4)
  expect(onPages.length).toBeGreaterThan(1)
})

test.each(examples.map((file) => [basename(file), file]))('%s is valid', async (_name, file) => {
  expect(await check(file)).toEqual(VALID)
})

test.each(onPages)('%s: configuration %i is valid', async (_page, _index, text) => {
  expect(await check(writeConfig(text))).toEqual(VALID)
})

test('gateway/README.md names every example', () => {
  const readme = readFileSync(join(root, 'gateway/README.md'), 'utf8')
  for (const file of examples) expect(readme).toContain(`examples/${basename(file)}`)
})
