import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, openSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { redact } from '@nexus/core'
import { startSandbox } from '@nexus/sandbox'
import type { PortChoice, SandboxOptions } from '@nexus/sandbox'
import { defaultSandboxDir, readSandboxCredentials, readSandboxState } from '@nexus/sandbox/state'
import { z } from 'zod'
import { CliError, renderError } from '../errors.ts'
import { shellQuote } from '../output/print.ts'
import { Interrupted } from '../shell.ts'
import type { Shell } from '../shell.ts'

export interface UpFlags {
  readonly dir?: string
  readonly apiPort?: number
  readonly gatewayPort?: number
  readonly detach?: boolean
  readonly output?: 'env' | 'json'
}

const DEFAULT_API_PORT = 16_443
const DEFAULT_GATEWAY_PORT = 18_000

/** What a sandbox prints when it is ready: what a person or a script needs to use it. */
interface Environment {
  readonly KUBECONFIG: string
  readonly NEXUS_GATEWAY_URL: string
  readonly NEXUS_API_KEY: string
}

/** What a detached sandbox tells the command that started it. */
const Told = z.union([
  z.object({ step: z.string() }),
  z.object({ ready: z.literal(true) }),
  z.object({ error: z.string() }),
])

/** `nexus up`: starts the sandbox, in front until interrupted, or detached. */
export async function up(flags: UpFlags, shell: Shell): Promise<void> {
  const dir = resolve(flags.dir ?? defaultSandboxDir(shell.env))
  if (flags.detach === true) return upDetached(dir, flags, shell)
  return process.send === undefined ? upInFront(dir, flags, shell) : upForParent(dir, flags, shell)
}

async function upInFront(dir: string, flags: UpFlags, shell: Shell): Promise<void> {
  const sandbox = await startSandbox({
    ...sandboxOptions(dir, flags, shell),
    report: (step) => shell.talk(`${step} …`),
  })
  printEnvironment(shell, flags, {
    KUBECONFIG: sandbox.kubeconfig,
    NEXUS_GATEWAY_URL: sandbox.gatewayUrl,
    NEXUS_API_KEY: sandbox.gatewayKey.reveal(),
  })
  shell.talk(WELCOME)
  await untilInterrupted(shell.signal)
  shell.talk('Stopping …')
  await sandbox.close()
}

const WELCOME = `
The sandbox is ready. In another terminal:

  npx nexus catalog list
  echo "nvapi-test-key-of-your-own" | npx nexus deploy llama-3.1-8b-instruct --name llama -n demo --api-key-stdin --wait
  npx nexus chat llama -n demo "hello"

The sandbox runs a mock of each model and accepts any nvapi- key. Ctrl-C stops it; what you deployed stays.`

/** The detached process itself: it speaks to the command that started it, whose terminal it leaves. */
async function upForParent(dir: string, flags: UpFlags, shell: Shell): Promise<void> {
  const tell = (message: z.infer<typeof Told>): void => void process.send?.(message)
  try {
    const sandbox = await startSandbox({ ...sandboxOptions(dir, flags, shell), report: (step) => tell({ step }) })
    tell({ ready: true })
    process.disconnect?.()
    await untilInterrupted(shell.signal)
    await sandbox.close()
  } catch (error) {
    tell({ error: renderError(error) })
    throw error
  }
}

async function upDetached(dir: string, flags: UpFlags, shell: Shell): Promise<void> {
  const logFile = join(dir, 'sandbox.log')
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const log = openSync(logFile, 'a', 0o600)
  const child = spawn(process.execPath, [...process.execArgv, ...ownArguments(dir, flags)], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: shell.env,
  })
  const stop = (): void => void child.kill('SIGTERM')
  shell.signal.addEventListener('abort', stop, { once: true })
  await untilReady(child, logFile, shell)
  shell.signal.removeEventListener('abort', stop)
  child.unref()
  const [state, credentials] = [await readSandboxState(dir), await readSandboxCredentials(dir)]
  if (state === undefined || credentials === undefined) throw endedEarly(logFile)
  printEnvironment(shell, flags, {
    KUBECONFIG: state.kubeconfig,
    NEXUS_GATEWAY_URL: state.gatewayUrl,
    NEXUS_API_KEY: credentials.gatewayKey.reveal(),
  })
}

function ownArguments(dir: string, flags: UpFlags): string[] {
  const ports = { '--api-port': flags.apiPort, '--gateway-port': flags.gatewayPort }
  const asked = Object.entries(ports).flatMap(([flag, port]) => (port === undefined ? [] : [flag, String(port)]))
  return [join(import.meta.dirname, '..', 'main.ts'), 'up', '--dir', dir, ...asked]
}

async function untilReady(child: ChildProcess, logFile: string, shell: Shell): Promise<void> {
  let refused: string | undefined
  await new Promise<void>((ready, ended) => {
    child.on('message', (message) => {
      const told = Told.safeParse(message).data
      if (told === undefined) return
      if ('step' in told) shell.talk(`${told.step} …`)
      else if ('ready' in told) ready()
      else refused = told.error
    })
    child.once('exit', () => ended(endedEarly(logFile, refused)))
    child.once('error', ended)
  })
}

function endedEarly(logFile: string, rendered?: string): CliError {
  // The child has rendered its error already: its first line is what happened, the rest why and what next.
  const [what = 'error: The sandbox ended before it was ready', ...rest] = rendered?.split('\n') ?? []
  const hint = rest.map((line) => line.trim().replace(/^next: /, '')).join(' ')
  return new CliError('NEXUS_CLI_NOT_READY', what.replace(/^error: /, ''), {
    hint: hint || `Its log says why: ${logFile}`,
  })
}

function sandboxOptions(dir: string, flags: UpFlags, shell: Shell): SandboxOptions {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const logFile = join(dir, 'sandbox.log')
  return {
    dir,
    apiPort: choice(flags.apiPort, DEFAULT_API_PORT),
    gatewayPort: choice(flags.gatewayPort, DEFAULT_GATEWAY_PORT),
    log: (line) => appendFileSync(logFile, `${new Date().toISOString()} ${redact(line)}\n`, { mode: 0o600 }),
    signal: shell.signal,
  }
}

function choice(asked: number | undefined, byDefault: number): PortChoice {
  return { port: asked ?? byDefault, asked: asked !== undefined }
}

function printEnvironment(shell: Shell, flags: UpFlags, environment: Environment): void {
  if (flags.output === 'json') return shell.out(`${JSON.stringify(environment, null, 2)}\n`)
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${shellQuote(String(value))}\n`)
  shell.out(lines.join(''))
}

async function untilInterrupted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
  // From here on a second Ctrl-C ends the process at once: the default of a signal nobody listens to.
  if (!(signal.reason instanceof Interrupted)) throw signal.reason
}
