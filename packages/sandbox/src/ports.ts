import { createServer } from 'node:net'
import { SandboxError } from './errors.ts'

/** A port to listen on: asked for by the user, or our default, which moves on where it is taken. */
export interface PortChoice {
  readonly port: number
  readonly asked: boolean
}

/** What a port is for, and the flag that chooses it. */
export interface PortPurpose {
  readonly what: string
  readonly flag: string
}

export const API_PORT: PortPurpose = { what: 'Kubernetes API', flag: '--api-port' }
export const GATEWAY_PORT: PortPurpose = { what: 'gateway', flag: '--gateway-port' }

/** How far a default moves on before it gives up. */
const TRIES = 50

/**
 * The first free loopback port of a choice. What was asked for is taken or refused, a default moves on by one.
 *
 * @throws SandboxError NEXUS_SANDBOX_PORT_IN_USE
 */
export async function freePort(choice: PortChoice, purpose: PortPurpose): Promise<number> {
  const end = Math.min(65_536, choice.port + (choice.asked ? 1 : TRIES))
  for (let port = choice.port; port < end; port++) {
    if (await isFree(port)) return port
  }
  throw portInUse(choice.port, purpose)
}

/**
 * Passes on what `listening` resolves with. A port is looked for before it is used: one that somebody took in between is
 * the same error as one that was taken before.
 *
 * @throws SandboxError NEXUS_SANDBOX_PORT_IN_USE
 */
export async function unlessTaken<T>(
  listening: Promise<T>,
  taken: PortPurpose & { readonly port: number },
): Promise<T> {
  try {
    return await listening
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') throw portInUse(taken.port, taken)
    throw error
  }
}

function portInUse(port: number, { what, flag }: PortPurpose): SandboxError {
  return new SandboxError('NEXUS_SANDBOX_PORT_IN_USE', `Port ${port}, for the ${what}, is in use`, {
    hint: `Stop what listens there, or choose another with ${flag} PORT.`,
  })
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
