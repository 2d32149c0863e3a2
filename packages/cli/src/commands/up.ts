import { accessSync, constants } from 'node:fs'
import { join, resolve } from 'node:path'
import { messageOf, redact } from '@nexus/core'
import { startSandbox } from '@nexus/sandbox'
import type { PortChoice, SandboxOptions } from '@nexus/sandbox'
import { defaultSandboxDir, readSandboxCredentials, readSandboxState } from '@nexus/sandbox/state'
import { boundedLog } from '../bounded-log.ts'
import { isDetached, startDetached, tellStarter, toldFailure } from '../detached-up.ts'
import { CliError } from '../errors.ts'
import { makeFolder } from '../make-folder.ts'
import { formatGpus, planNodes } from '../node-flags.ts'
import type { NodeGpus } from '../node-flags.ts'
import { shellQuote } from '../output/print.ts'
import { untilInterrupted } from '../shell.ts'
import type { Shell } from '../shell.ts'

export interface UpFlags {
  readonly dir?: string
  readonly apiPort?: number
  readonly gatewayPort?: number
  readonly nodes?: number
  readonly gpus?: readonly NodeGpus[]
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

/** `nexus up`: starts the sandbox, in front until interrupted, or detached. */
export async function up(flags: UpFlags, shell: Shell): Promise<void> {
  const dir = resolve(flags.dir ?? defaultSandboxDir(shell.env))
  refuseSharedPort(flags)
  // Before anything is started: two flags may contradict each other.
  planNodes(flags)
  claimPlace(dir)
  if (flags.detach === true) return upDetached(dir, flags, shell)
  const options = sandboxOptions(dir, flags, shell)
  return isDetached() ? upForStarter(options, shell) : upInFront(options, flags, shell)
}

async function upInFront(options: SandboxOptions, flags: UpFlags, shell: Shell): Promise<void> {
  const sandbox = await startSandbox({
    ...options,
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
async function upForStarter(options: SandboxOptions, shell: Shell): Promise<void> {
  try {
    const report = (step: string): void => tellStarter({ step })
    const sandbox = await startSandbox({ ...options, report })
    tellStarter({ ready: true })
    await untilInterrupted(shell.signal)
    await sandbox.close()
  } catch (error) {
    tellStarter(toldFailure(error))
    throw error
  }
}

async function upDetached(dir: string, flags: UpFlags, shell: Shell): Promise<void> {
  const given = {
    '--api-port': flags.apiPort,
    '--gateway-port': flags.gatewayPort,
    '--nodes': flags.nodes,
    '--gpus': flags.gpus && formatGpus(flags.gpus),
  }
  const asked = Object.entries(given).flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]))
  await startDetached(['up', '--dir', dir, ...asked], logFileOf(dir), shell)
  const [state, credentials] = [await readSandboxState(dir), await readSandboxCredentials(dir)]
  if (state === undefined || credentials === undefined) {
    throw new CliError('NEXUS_CLI_NOT_READY', 'The sandbox ended right after it was ready', {
      hint: `Its log says why: ${logFileOf(dir)}`,
    })
  }
  printEnvironment(shell, flags, {
    KUBECONFIG: state.kubeconfig,
    NEXUS_GATEWAY_URL: state.gatewayUrl,
    NEXUS_API_KEY: credentials.gatewayKey.reveal(),
  })
}

function sandboxOptions(dir: string, flags: UpFlags, shell: Shell): SandboxOptions {
  const nodes = planNodes(flags)
  const log = boundedLog(logFileOf(dir))
  return {
    dir,
    apiPort: choice(flags.apiPort, DEFAULT_API_PORT),
    gatewayPort: choice(flags.gatewayPort, DEFAULT_GATEWAY_PORT),
    ...(nodes && { nodes }),
    log: (line) => log(`${new Date().toISOString()} ${redact(line)}`),
    signal: shell.signal,
  }
}

function refuseSharedPort({ apiPort, gatewayPort }: UpFlags): void {
  if (apiPort === undefined || apiPort !== gatewayPort) return
  throw new CliError('NEXUS_CLI_USAGE', `--api-port and --gateway-port are both ${apiPort}`, {
    hint: 'Give each a port of its own.',
  })
}

function claimPlace(dir: string): void {
  try {
    makeFolder(dir)
    accessSync(dir, constants.W_OK)
  } catch (cause) {
    throw new CliError('NEXUS_CLI_USAGE', `The sandbox cannot keep anything in ${dir}: ${messageOf(cause)}`, {
      hint: 'Choose a folder you may write to: nexus up --dir DIR',
      cause,
    })
  }
}

function logFileOf(dir: string): string {
  return join(dir, 'sandbox.log')
}

function choice(asked: number | undefined, byDefault: number): PortChoice {
  return { port: asked ?? byDefault, asked: asked !== undefined }
}

function printEnvironment(shell: Shell, flags: UpFlags, environment: Environment): void {
  if (flags.output === 'json') return shell.out(`${JSON.stringify(environment, null, 2)}\n`)
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${shellQuote(String(value))}\n`)
  shell.out(lines.join(''))
}
