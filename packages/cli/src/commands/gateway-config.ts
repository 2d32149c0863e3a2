import { runGatewayProgram } from '../gateway-program.ts'
import type { Shell } from '../shell.ts'

export interface ConfigFlags {
  readonly origin?: boolean
  readonly output?: string
  /** In place of the one that GATEWAY_CONFIG_FILE names. */
  readonly file?: string
}

/** `nexus gateway config print|check`: of the gateway that this environment would start. */
export async function gatewayConfig(verb: 'print' | 'check', flags: ConfigFlags, shell: Shell): Promise<void> {
  const options = [
    ...(flags.origin === true ? ['--origin'] : []),
    ...(flags.output === undefined ? [] : ['-o', flags.output]),
    ...(flags.file === undefined ? [] : ['--file', flags.file]),
  ]
  shell.out(await runGatewayProgram({ args: ['config', verb, ...options], env: shell.env }, shell))
}
