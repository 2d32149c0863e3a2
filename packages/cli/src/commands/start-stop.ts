import { startNIMDeployment, stopNIMDeployment } from '@nexus/nim-serving'
import type { StartStopResult } from '@nexus/nim-serving'
import { withCluster } from '../cluster.ts'
import type { ClusterFlags } from '../cluster.ts'
import { print } from '../output/print.ts'
import type { OutputFlags } from '../program.ts'
import { progressReport } from '../progress.ts'
import { waitUntilReady } from '../wait.ts'
import type { Shell } from '../shell.ts'

export interface StopFlags extends ClusterFlags, OutputFlags {
  readonly dryRun?: boolean
}

export interface StartFlags extends StopFlags {
  readonly wait?: boolean
  /** Minutes. */
  readonly timeout: number
}

/** `nexus stop NAME`. */
export async function stop(name: string, flags: StopFlags, shell: Shell): Promise<void> {
  await withCluster(flags, shell, async ({ kube, namespace: project }) => {
    const { dryRun } = flags
    const result = await stopNIMDeployment(
      { name, project },
      { kube, report: progressReport(shell), signal: shell.signal, dryRun },
    )
    await printResult(result, 'stopped', flags, shell)
  })
}

/** `nexus start NAME`. */
export async function start(name: string, flags: StartFlags, shell: Shell): Promise<void> {
  await withCluster(flags, shell, async ({ kube, namespace: project }) => {
    const { dryRun } = flags
    const result = await startNIMDeployment(
      { name, project },
      { kube, report: progressReport(shell), signal: shell.signal, dryRun },
    )
    await printResult(result, 'started', flags, shell)
    if (flags.wait === true && dryRun !== true) {
      await waitUntilReady({ name, project }, { kube, minutes: flags.timeout, shell })
    }
  })
}

async function printResult(
  { outcome, isvc }: StartStopResult,
  done: 'started' | 'stopped',
  { dryRun, output }: StopFlags,
  shell: Shell,
): Promise<void> {
  const { name, namespace } = isvc.metadata
  const line = `inferenceservice/${name}`
  const would = dryRun === true && outcome === 'changed' ? 'would be ' : ''
  const data = { name, project: namespace, outcome: outcome === 'changed' ? `${would}${done}` : outcome }
  if (output === undefined) return shell.out(`${line} ${data.outcome}\n`)
  await print(shell, output, { rows: [data], columns: [], name: () => line, data, empty: '' })
}
