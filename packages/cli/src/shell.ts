import { once } from 'node:events'
import { addAbortSignal } from 'node:stream'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

/** What a command may touch of the process it runs in. */
export interface Shell {
  readonly env: NodeJS.ProcessEnv
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** Whether a person reads standard output. */
  readonly interactive: boolean
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal
  /** Data: what a script reads. */
  out(text: string): void
  /** Talk: progress, warnings, what to do next. */
  talk(line: string): void
}

/** The shell of this process: data on stdout, talk on stderr, Ctrl-C and SIGTERM as an aborted signal. */
export function processShell(): Shell {
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => interrupted.abort(new Interrupted(name)))
  }
  // A reader that has seen enough (`nexus catalog list | head`) is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  return {
    env: process.env,
    stdin: process.stdin,
    interactive: process.stdout.isTTY,
    signal: interrupted.signal,
    out: (text) => void process.stdout.write(text),
    talk: (line) => void process.stderr.write(`${line}\n`),
  }
}

/** The user pressed Ctrl-C, or somebody ended the process. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'

  constructor(signal: string) {
    super(`Interrupted by ${signal}`)
  }
}

/** Resolves when the user interrupts: what a command in front waits for. Rejects with any other reason to stop. */
export async function untilInterrupted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
  // From here on a second Ctrl-C ends the process at once: the default of a signal nobody listens to.
  if (!(signal.reason instanceof Interrupted)) throw signal.reason
}

/** All of standard input as text; an interrupt ends the wait for it. */
export async function readStdin({ stdin, signal }: Pick<Shell, 'stdin' | 'signal'>): Promise<string> {
  signal.throwIfAborted()
  return text(addAbortSignal(signal, stdin))
}
