import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { CliError } from './errors.ts'
import type { CliErrorCode } from './errors.ts'
import type { Shell } from './shell.ts'

/** One run of the gateway's own program. */
export interface GatewayProgramRun {
  readonly args: readonly string[]
  /** Default: nothing. */
  readonly input?: string | AsyncIterable<string>
  /** Its variables besides PATH. Default: none. */
  readonly env?: NodeJS.ProcessEnv
}

/** The codes it ends with, as ours. */
const REFUSALS: Readonly<Record<number, CliErrorCode>> = {
  2: 'NEXUS_CLI_USAGE',
  3: 'NEXUS_CLI_KEY_NOT_FOUND',
  6: 'NEXUS_CLI_KEY_IN_USE',
  65: 'NEXUS_CLI_GATEWAY_INPUT',
}

/** What `nexus-gateway` ends with when its configuration is not valid. */
const INVALID_CONFIG = 78

/** How writing fails to a program that has ended. */
const UNREAD = ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED']

/**
 * Runs `nexus-gateway ARGS`, which alone knows the gateway's configuration, keys and records, and returns what it writes to
 * standard output. Secrets go by `input` and come by the result, never by an argument.
 *
 * @throws CliError with what it says, by the code it ends with
 */
export async function runGatewayProgram({ args, input, env }: GatewayProgramRun, shell: Shell): Promise<string> {
  const program = join(import.meta.dirname, '..', '..', '..', 'gateway', 'bin', 'nexus-gateway')
  const child = spawn(program, args, {
    env: { PATH: shell.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: shell.signal,
  })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => reject(shell.signal.aborted ? shell.signal.reason : programFailed(cause)))
    child.once('close', (code) => resolve(code ?? -1))
  })
  const [said, complained, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
    feed(child.stdin, input),
  ])
  if (code === 0) {
    if (complained !== '') shell.talk(complained.trimEnd())
    return said
  }
  throw refusal(code, complained)
}

/** Sends the input as fast as it is read. A program that ends without reading all of it has its reasons, and says them. */
async function feed(stdin: Writable, input: GatewayProgramRun['input'] = ''): Promise<void> {
  try {
    await pipeline(Readable.from(typeof input === 'string' ? [input] : input), stdin)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && UNREAD.includes(String(error.code)))) throw error
  }
}

function refusal(code: number, complained: string): CliError {
  // Each line of it is a problem, and none is what to do next.
  if (code === INVALID_CONFIG) return new CliError('NEXUS_CLI_GATEWAY_INPUT', complained.trimEnd())
  const [message = '', ...rest] = complained
    .replace(/^error: /, '')
    .trimEnd()
    .split('\n')
  const hint = rest.join('\n').replaceAll('nexus-gateway ', 'nexus gateway ')
  return new CliError(
    REFUSALS[code] ?? 'NEXUS_CLI_GATEWAY_PROGRAM',
    message === '' ? `nexus-gateway ended with code ${code}` : message,
    hint === '' ? {} : { hint },
  )
}

function programFailed(cause: Error): CliError {
  return new CliError('NEXUS_CLI_GATEWAY_PROGRAM', 'nexus-gateway cannot be started', {
    hint: 'It belongs to this repository, in gateway/: install it with npm ci.',
    cause,
  })
}
