import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { SecretText } from '@nexus/core'
import { z } from 'zod'
import { processStartTime } from './process-start.ts'

/** What a running sandbox says about itself in its folder. No secrets. */
export const SandboxState = z.object({
  /** The process that serves it. */
  pid: z.int().positive(),
  /** When that process was started, in the system's own units: after a crash its id may be another's. */
  processStart: z.string().optional(),
  startedAt: z.string(),
  apiUrl: z.string(),
  gatewayUrl: z.string(),
  /** The stub that answers NVIDIA's key check. */
  ngcUrl: z.string(),
  /** Path of the kubeconfig. */
  kubeconfig: z.string(),
})
export type SandboxState = z.infer<typeof SandboxState>

/** The part of the state that is not about the process. */
export type ServedSandbox = Omit<SandboxState, 'pid' | 'processStart' | 'startedAt'>

/** The name of the kubeconfig extension with which a sandbox's cluster entry says where its other servers are. */
export const SANDBOX_EXTENSION = 'nexus.dev/sandbox'

/** That extension: read back by clients that were given nothing but the kubeconfig. */
export const SandboxExtension = z.object({ dir: z.string(), gatewayUrl: z.string(), ngcUrl: z.string() })
export type SandboxExtension = z.infer<typeof SandboxExtension>

const Credentials = z.object({ adminToken: z.string().min(20), gatewayKey: z.string().min(20) })

export interface SandboxCredentials {
  readonly adminToken: SecretText
  readonly gatewayKey: SecretText
}

/** `$XDG_STATE_HOME/nexus/sandbox`, by default `~/.local/state/nexus/sandbox`. */
export function defaultSandboxDir(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_STATE_HOME: named = '', HOME: home = '' } = env
  // Empty counts as unset, and a relative path as invalid: XDG Base Directory Specification.
  const state = isAbsolute(named) ? named : join(home === '' ? homedir() : home, '.local', 'state')
  return join(state, 'nexus', 'sandbox')
}

/** The state of the sandbox that runs in `dir`, or undefined where none runs: no file, or its process is gone. */
export async function readSandboxState(dir: string): Promise<SandboxState | undefined> {
  const state = SandboxState.safeParse(await readJson(stateFile(dir))).data
  return state !== undefined && isSameProcess(state) ? state : undefined
}

function isSameProcess({ pid, processStart }: SandboxState): boolean {
  return isAlive(pid) && (processStart === undefined || processStart === processStartTime(pid))
}

/** Says that this process serves the sandbox in `dir`. */
export async function writeSandboxState(dir: string, served: ServedSandbox): Promise<void> {
  const state: SandboxState = {
    pid: process.pid,
    processStart: processStartTime(process.pid),
    startedAt: new Date().toISOString(),
    ...served,
  }
  await writePrivately(stateFile(dir), JSON.stringify(state, null, 2))
}

export async function removeSandboxState(dir: string): Promise<void> {
  await rm(stateFile(dir), { force: true })
}

/** The tokens of the sandbox in `dir`, made at its first start and kept with mode 0600. */
export async function sandboxCredentials(dir: string): Promise<SandboxCredentials> {
  return (await readSandboxCredentials(dir)) ?? createCredentials(dir)
}

/** The tokens of the sandbox in `dir`, or undefined before its first start. */
export async function readSandboxCredentials(dir: string): Promise<SandboxCredentials | undefined> {
  const stored = Credentials.safeParse(await readJson(credentialsFile(dir))).data
  return stored && { adminToken: new SecretText(stored.adminToken), gatewayKey: new SecretText(stored.gatewayKey) }
}

async function createCredentials(dir: string): Promise<SandboxCredentials> {
  const adminToken = randomBytes(24).toString('base64url')
  const gatewayKey = `nexus-${randomBytes(24).toString('base64url')}`
  await writePrivately(credentialsFile(dir), JSON.stringify({ adminToken, gatewayKey }))
  return { adminToken: new SecretText(adminToken), gatewayKey: new SecretText(gatewayKey) }
}

/** Writes a file only its owner can read, whole or not at all. */
export async function writePrivately(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${process.pid}.tmp`
  await writeFile(temporary, content, { mode: 0o600 })
  await rename(temporary, file)
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined // absent or half-written by another version: as if it were not there
  }
}

function stateFile(dir: string): string {
  return join(dir, 'sandbox.json')
}

function credentialsFile(dir: string): string {
  return join(dir, 'credentials.json')
}

/** Whether a process with this id runs, ours or another user's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
