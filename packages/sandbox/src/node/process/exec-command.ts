import { spawn } from 'node:child_process'
import { messageOf } from '@nexus/core'
import { guarded, LIFELINE_FD } from './guard.ts'
import { signalGroup } from './process-record.ts'

/** Where commands of a container run: beside its process, with its variables and in its folder. */
export interface ExecPlace {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

export interface ExecResult {
  /** Undefined where the time was over or the command was interrupted. */
  readonly exitCode: number | undefined
  /** Both streams as they came, cut at `MAX_OUTPUT_BYTES`. */
  readonly output: string
}

/** What kubelets keep of the output of a probe. */
const MAX_OUTPUT_BYTES = 10 * 1024

/**
 * Runs a command of a probe or hook to its end. It ends with its process group when `signal` aborts, or this process is
 * gone. A program that is not there ends with exit code 127 and what a shell says of it, a command that the system does not
 * take (too long, with a zero in it) with 126. Never rejects.
 */
export function execCommand(
  command: readonly string[],
  { env, cwd }: ExecPlace,
  signal: AbortSignal,
): Promise<ExecResult> {
  const ran = new Promise<ExecResult>((resolve) => {
    const [program, ...args] = guarded(command)
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
    const end = (): void => {
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
    }
    let output = ''
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(0, MAX_OUTPUT_BYTES)
    }
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    child.stdio[LIFELINE_FD]?.on('error', () => {}) // nothing is said through it
    child.once('error', (error) => resolve({ exitCode: 127, output: error.message }))
    // What the command leaves behind ends with it; only then are its streams complete.
    child.once('exit', end)
    child.once('close', (code) => {
      signal.removeEventListener('abort', end)
      resolve({ exitCode: signal.aborted ? undefined : (code ?? 137), output })
    })
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
  return ran.catch((error: unknown) => ({ exitCode: 126, output: messageOf(error) }))
}
