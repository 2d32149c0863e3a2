import { runGatewayProgram } from '../gateway-program.ts'
import type { Shell } from '../shell.ts'

export interface ConfigFlags {
  readonly origin?: boolean
  readonly output?: string
}

/** `nexus gateway config print|check`: of the gateway that this environment would start. */
export async function gatewayConfig(verb: 'print' | 'check', flags: ConfigFlags, shell: Shell): Promise<void> {
  const options = [
    ...(flags.origin === true ? ['--origin'] : []),
    ...(flags.output === undefined ? [] : ['-o', flags.output]),
  ]
  shell.out(await runGatewayProgram({ args: ['config', verb, ...options], env: shell.env }, shell))
}
