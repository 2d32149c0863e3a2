import { spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import { findProgram } from '../process/find-program.ts'

/** Runs a program of this machine in the place of this one, and resolves with the code to exit with. */
export function runProgram(name: string, args: readonly string[], machinePath: string): number {
  const program = findProgram(name, machinePath)
  if (program === undefined) {
    process.stderr.write(`${name}: this machine does not have it\n`)
    return 127
  }
  // Without the variables of the cluster network: what runs here is no program of ours.
  const env = { ...process.env, PATH: machinePath, NODE_OPTIONS: '' }
  const { status, signal } = spawnSync(program, args, { stdio: 'inherit', env })
  return status ?? 128 + constants.signals[signal ?? 'SIGKILL']
}
