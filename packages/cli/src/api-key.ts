import { readFile } from 'node:fs/promises'
import { messageOf } from '@nexus/core'
import { parseKey } from '@nexus/nim-serving'
import type { SecretText } from '@nexus/core'
import { CliError } from './errors.ts'
import { Interrupted, readStdin } from './shell.ts'
import type { Shell } from './shell.ts'

/** Where the NVIDIA key of a command may come from. Never a flag's value: it would show in the process list. */
export interface ApiKeyFlags {
  readonly apiKeyStdin?: boolean
  readonly apiKeyFile?: string
}

/**
 * The NVIDIA key of a command: standard input, a file, `NGC_API_KEY`, or a hidden prompt where a person sits.
 *
 * @throws CliError NEXUS_CLI_USAGE where there is none; DeployError where it is no personal key
 */
export async function readApiKey(flags: ApiKeyFlags, shell: Shell): Promise<SecretText> {
  if (flags.apiKeyStdin === true) return parseKey(notEmpty(await keyFromStdin(shell), 'Standard input'))
  if (flags.apiKeyFile !== undefined)
    return parseKey(notEmpty(await readKeyFile(flags.apiKeyFile), `The key file ${flags.apiKeyFile}`))
  const fromEnvironment = shell.env['NGC_API_KEY']
  if (fromEnvironment !== undefined && fromEnvironment !== '') return parseKey(fromEnvironment)
  if (shell.stdin.isTTY === true && shell.interactive) return parseKey(await promptForKey())
  throw new CliError('NEXUS_CLI_USAGE', 'An NVIDIA API key is needed, and none was given', {
    hint: 'Pipe it in (--api-key-stdin < key.txt), or use --api-key-file FILE or NGC_API_KEY.',
  })
}

/** A person at a terminal types it into a prompt that hides it: what standard input echoes stays on the screen. */
async function keyFromStdin(shell: Shell): Promise<string> {
  return shell.stdin.isTTY === true ? promptForKey() : readStdin(shell)
}

/** An empty file or pipe is a slip of another kind than a wrong key. */
function notEmpty(text: string, from: string): string {
  if (text.trim() !== '') return text
  throw new CliError('NEXUS_CLI_USAGE', `${from} is empty, and an NVIDIA API key was expected there`, {
    hint: 'Pipe the key in (--api-key-stdin < key.txt) or name the file that holds it (--api-key-file FILE).',
  })
}

async function readKeyFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CliError('NEXUS_CLI_USAGE', `The key file ${file} cannot be read: ${messageOf(cause)}`, {
      hint: 'Give a file that holds the key and nothing else.',
      cause,
    })
  })
}

async function promptForKey(): Promise<string> {
  const { isCancel, password } = await import('@clack/prompts')
  const answer = await password({ message: 'NVIDIA API key (nvapi-…)', output: process.stderr })
  if (isCancel(answer)) throw new Interrupted('SIGINT')
  return answer
}
