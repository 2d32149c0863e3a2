import { userInfo } from 'node:os'
import { findModel, parseModelReference, readCatalog, resolveTag } from '@nexus/catalog'
import { deployNIMDeployment } from '@nexus/nim-serving'
import type { DeployRequest, DeployResult } from '@nexus/nim-serving'
import { readApiKey } from '../api-key.ts'
import type { ApiKeyFlags } from '../api-key.ts'
import { withCluster } from '../cluster.ts'
import type { Cluster, ClusterFlags } from '../cluster.ts'
import { settingsOf } from '../deployment-settings.ts'
import type { SettingFlags } from '../deployment-settings.ts'
import { parseEnvFlags } from '../env-flags.ts'
import { CliError } from '../errors.ts'
import { keyChecker } from '../key-check.ts'
import { print } from '../output/print.ts'
import type { OutputFlags } from '../program.ts'
import { progressReport } from '../progress.ts'
import { waitUntilReady } from '../wait.ts'
import type { Shell } from '../shell.ts'

export interface DeployFlags extends ClusterFlags, OutputFlags, ApiKeyFlags, SettingFlags {
  readonly name: string
  readonly hardwareProfile?: string
  readonly storageClass?: string
  readonly createNamespace?: boolean
  readonly skipKeyCheck?: boolean
  readonly dryRun?: boolean
  readonly wait?: boolean
  /** Minutes. */
  readonly timeout: number
}

/** `nexus deploy MODEL[:TAG]`. */
export async function deploy(reference: string, flags: DeployFlags, shell: Shell): Promise<void> {
  const settings = deploySettings(flags)
  const apiKey = await readApiKey(flags, shell)
  await withCluster(flags, shell, async (cluster) => {
    const { kube, namespace } = cluster
    const request = { ...settings, ...(await deployRequest(reference, flags, cluster, shell)), apiKey }
    const { checkKey, checkedBy } = keyChecker(cluster, shell)
    const result = await deployNIMDeployment(request, {
      kube,
      checkKey,
      keySetBy: userInfo().username,
      report: progressReport(shell, { keyCheckedBy: checkedBy }),
      signal: shell.signal,
    })
    await printResult(result, flags, shell)
    if (flags.wait === true && result.outcome !== 'planned') {
      await waitUntilReady({ name: flags.name, project: namespace }, { kube, minutes: flags.timeout, shell })
    }
  })
}

/** @throws CliError NEXUS_CLI_USAGE where the flags contradict each other */
function deploySettings(flags: DeployFlags): Pick<DeployRequest, 'storage' | 'env' | 'hardwareProfile'> {
  const { pvc, storage: size, storageClass, subPath } = flags
  if (pvc !== undefined && (size !== undefined || storageClass !== undefined)) {
    throw new CliError('NEXUS_CLI_USAGE', 'A volume that is there has its size and its class already', {
      hint: 'Give --pvc, or --storage and --storage-class, but not both.',
    })
  }
  const { set, unset } = parseEnvFlags(flags.env)
  if (unset.length > 0) {
    throw new CliError('NEXUS_CLI_USAGE', 'A new deployment has no variables to take away', {
      hint: 'Write --env NAME=VALUE.',
    })
  }
  return {
    ...settingsOf(flags),
    hardwareProfile: flags.hardwareProfile,
    storage: pvc === undefined ? { mode: 'new', size, storageClass, subPath } : { mode: 'existing', pvc, subPath },
    env: [...set],
  }
}

async function deployRequest(
  reference: string,
  flags: DeployFlags,
  { kube, namespace }: Cluster,
  shell: Shell,
): Promise<Omit<DeployRequest, 'apiKey' | 'storage' | 'env'>> {
  const asked = parseModelReference(reference)
  const model = findModel(await readCatalog(kube, {}, { signal: shell.signal }), asked.model)
  if (model.euRestricted) shell.talk(`warning: ${model.name} is restricted in the EU: its registry refuses it there.`)
  return {
    name: flags.name,
    project: namespace,
    model,
    tag: resolveTag(model, asked.tag),
    createNamespace: flags.createNamespace ?? false,
    skipKeyCheck: flags.skipKeyCheck ?? false,
    dryRun: flags.dryRun ?? false,
  }
}

async function printResult(result: DeployResult, flags: DeployFlags, shell: Shell): Promise<void> {
  const line = `inferenceservice/${flags.name}`
  if (result.outcome === 'planned') {
    const unchecked = result.checkedByServer
      ? ''
      : ' (the project does not exist yet, so the server checked its name only)'
    const rows = result.objects
    if (flags.output === undefined) return shell.out(`${line} would be created${unchecked}\n`)
    return print(shell, flags.output, {
      rows,
      columns: [],
      name: ({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`,
      empty: '',
    })
  }
  if (flags.output === undefined) return shell.out(`${line} ${result.outcome}\n`)
  const data = { name: flags.name, project: result.isvc.metadata.namespace, outcome: result.outcome }
  await print(shell, flags.output, { rows: [data], columns: [], name: () => line, data, empty: '' })
}
