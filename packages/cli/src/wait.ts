import type { KubeClient } from '@nexus/kube'
import { watchNIMDeployment } from '@nexus/nim-serving'
import type { DeploymentRef } from '@nexus/nim-serving'
import { CliError } from './errors.ts'
import type { Shell } from './shell.ts'

export interface WaitOptions {
  readonly kube: KubeClient
  /** How long to wait. */
  readonly minutes: number
  readonly shell: Shell
}

/**
 * Waits until a deployment is Ready, telling each change of its state.
 *
 * @throws CliError NEXUS_CLI_NOT_READY when it fails, is deleted or takes too long
 */
export async function waitUntilReady(ref: DeploymentRef, { kube, minutes, shell }: WaitOptions): Promise<void> {
  const deadline = AbortSignal.timeout(minutes * 60_000)
  const hint = `See why: nexus describe ${ref.name} -n ${ref.project}`
  let told = ''
  for await (const state of watchNIMDeployment(kube, ref, { signal: AbortSignal.any([deadline, shell.signal]) })) {
    const line = `${state.phase}: ${state.reason}`
    if (line !== told) shell.talk(`  ${line}`)
    told = line
    if (state.phase === 'Ready') return
    if (state.phase === 'Failed') {
      throw new CliError('NEXUS_CLI_NOT_READY', `${ref.name} failed: ${state.reason}`, { hint: state.hint || hint })
    }
    if (state.phase === 'Deleting') break
  }
  if (shell.signal.aborted) {
    shell.talk(`${ref.name} goes on by itself. See how far it is: nexus describe ${ref.name} -n ${ref.project}`)
    throw shell.signal.reason
  }
  const why = deadline.aborted ? `not ready after ${minutes} min: ${told}` : 'deleted while it was waited for'
  throw new CliError('NEXUS_CLI_NOT_READY', `${ref.name} is ${why}`, { hint })
}
