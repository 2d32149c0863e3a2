import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { runCommandLine } from './command-line.ts'

/** Runs `nexus-gateway` with arguments in this process. */
async function run(...argv: string[]) {
  const said = { stdout: '', stderr: '' }
  const code = await runCommandLine(argv, {
    stdin: Readable.from([]),
    stdout: { write: (text) => (said.stdout += text) },
    stderr: { write: (text) => (said.stderr += text) },
    env: { GATEWAY_PORT: 'x' },
  })
  return { code, ...said }
}

test.each([
  [['--help'], 'nexus-gateway config'],
  [['config', '--help'], 'config print'],
  [['keys', '--help'], 'keys create'],
  [['usage', '--help'], '--by'],
  [['--version'], '.'],
])('%j is answered', async (argv, said) => {
  const { code, stdout } = await run(...argv)
  expect(code).toBe(0)
  expect(stdout).toContain(said)
})

test('--check says what is wrong, and does not serve', async () => {
  expect(await run('--check')).toEqual({
    code: 78,
    stdout: '',
    stderr: "The gateway's configuration is not valid:\n  GATEWAY_PORT: must be a whole number\n",
  })
})

test('refuses what is no command', async () => {
  const { code, stderr } = await run('serve-me')
  expect(code).toBe(2)
  expect(stderr).toContain('serve-me is not a command')
})
