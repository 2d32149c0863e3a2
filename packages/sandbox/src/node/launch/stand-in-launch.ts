import { argumentOf } from './launch-base.ts'
import type { Launch, LaunchBase } from './launch-base.ts'
import { HOST_IP } from '../status/pod-status.ts'
import type { Program } from './programs.ts'
import { prepareExec } from './tool-launch.ts'

/** How to start a program that stands for an image: it is told by variables where to listen. */
export async function prepareStandIn(base: LaunchBase, program: Program): Promise<Launch> {
  const { container, context, variables } = base
  const ports = portsIn(variables, program)
  const sockets = await Promise.all(
    [...ports.values()].map(async (containerPort) => ({
      containerPort,
      loopbackPort: await context.network.ports.claim(),
    })),
  )
  const args = program.takesArgs === true ? (container.args ?? []) : []
  return {
    command: [...program.command, ...args.map((argument) => argumentOf(base, argument))],
    env: {
      ...base.env,
      ...program.env?.(container.image ?? ''),
      [program.hostVariable]: HOST_IP,
      ...Object.fromEntries([...ports.keys()].map((name, index) => [name, String(sockets[index]?.loopbackPort)])),
    },
    cwd: base.cwd,
    sockets,
    guarded: false,
    terminationLog: base.terminationLog,
    exec: prepareExec(base),
  }
}

/** The ports a pod listens on, by the variable that tells its program where to bind instead. */
function portsIn(variables: ReadonlyMap<string, string>, program: Program): Map<string, number> {
  const { portVariable, containerPort, furtherPortVariables = [] } = program
  const ports = new Map([[portVariable, portNumber(variables.get(containerPort.variable)) ?? containerPort.default]])
  for (const name of furtherPortVariables) {
    const port = portNumber(variables.get(name))
    if (port !== undefined) ports.set(name, port)
  }
  return ports
}

function portNumber(text: string | undefined): number | undefined {
  const port = Number(text)
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}
