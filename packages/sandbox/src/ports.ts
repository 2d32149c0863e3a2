import { createServer } from 'node:net'
import { SandboxError } from './errors.ts'

/** A port to listen on: asked for by the user, or our default, which moves on where it is taken. */
export interface PortChoice {
  readonly port: number
  readonly asked: boolean
}

/** How far a default moves on before it gives up. */
const TRIES = 50

/**
 * The first free loopback port of a choice. What was asked for is taken or refused, a default moves on by one.
 *
 * @throws SandboxError NEXUS_SANDBOX_PORT_IN_USE
 */
export async function freePort(choice: PortChoice, what: string, flag: string): Promise<number> {
  for (let port = choice.port; port < choice.port + (choice.asked ? 1 : TRIES); port++) {
    if (await isFree(port)) return port
  }
  throw new SandboxError('NEXUS_SANDBOX_PORT_IN_USE', `Port ${choice.port}, for the ${what}, is in use`, {
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
