import { CatalogError, findModel, parseModelReference, readCatalog, resolveTag } from '@nexus/catalog'
import { editNIMDeployment, extractFormData, openNIMDeployment, waitUntilCarriedOut } from '@nexus/nim-serving'
import type { DeployInput, EditRequest, EditResult } from '@nexus/nim-serving'
import { withCluster } from '../cluster.ts'
import type { Cluster, ClusterFlags } from '../cluster.ts'
import { confirm } from '../confirm.ts'
import { settingsOf } from '../deployment-settings.ts'
import type { SettingFlags } from '../deployment-settings.ts'
import { parseEnvFlags } from '../env-flags.ts'
import { CliError } from '../errors.ts'
import { print } from '../output/print.ts'
import type { OutputFlags } from '../program.ts'
import { progressReport } from '../progress.ts'
import { waitUntilReady } from '../wait.ts'
import type { Shell } from '../shell.ts'

export interface EditFlags extends ClusterFlags, OutputFlags, SettingFlags {
  readonly model?: string
  /** False: forget the profile. */
  readonly hardwareProfile?: string | false
  readonly overwrite?: boolean
  readonly dryRun?: boolean
  /** Do not ask before tokens are deleted. */
  readonly yes?: boolean
  readonly wait?: boolean
  /** Minutes. */
  readonly timeout: number
}

/** `nexus edit NAME`. */
export async function edit(name: string, flags: EditFlags, shell: Shell): Promise<void> {
  const changes = changesOf(flags)
  if (flags.model === undefined && Object.values(changes).every((value) => value === undefined)) {
    throw new CliError('NEXUS_CLI_USAGE', 'Nothing to change was named', { hint: 'See the flags: nexus edit --help' })
  }
  await withCluster(flags, shell, async (cluster) => {
    const { kube, namespace: project } = cluster
    const { overwrite, dryRun } = flags
    const base = await openNIMDeployment(kube, { name, project }, { signal: shell.signal })
    if (flags.auth === false && dryRun !== true) await confirmTokensGo(base.tokens, flags, shell)
    const tag =
      flags.model === undefined ? undefined : await wantedTag(flags.model, extractFormData(base), cluster, shell)
    const result = await editNIMDeployment(
      { name, project },
      { changes: { ...changes, tag }, base, overwrite, dryRun },
      { kube, report: progressReport(shell), signal: shell.signal },
    )
    await printResult({ name, project }, result, flags, shell)
    if (flags.wait === true && dryRun !== true) {
      await waitUntilCarriedOut(kube, { name, project }, { signal: shell.signal })
      await waitUntilReady({ name, project }, { kube, minutes: flags.timeout, shell })
    }
  })
}

/** Whoever calls the deployment with one of its tokens is locked out for good. */
async function confirmTokensGo(tokens: readonly string[], { yes }: EditFlags, shell: Shell): Promise<void> {
  if (tokens.length === 0 || yes === true) return
  shell.talk(`would delete the tokens: ${tokens.join(', ')}`)
  const question = 'Delete them?'
  await confirm({ question, doing: 'Deleting tokens', refused: 'Nothing was changed' }, shell)
}

function changesOf(flags: EditFlags): EditRequest {
  const { set, unset } = parseEnvFlags(flags.env)
  const { pvc, subPath, storage: size } = flags
  const isStored = pvc !== undefined || subPath !== undefined || size !== undefined
  return {
    ...settingsOf(flags),
    hardwareProfile: flags.hardwareProfile === false ? null : flags.hardwareProfile,
    storage: isStored ? { pvc, subPath, size } : undefined,
    setEnv: set.length === 0 ? undefined : [...set],
    unsetEnv: unset.length === 0 ? undefined : [...unset],
  }
}

/** The tag of `:TAG` or `MODEL:TAG`, where the catalog has it; a model that has left the catalog may still get any tag. */
async function wantedTag(
  reference: string,
  { name, project, model }: DeployInput,
  { kube }: Cluster,
  shell: Shell,
): Promise<string> {
  const asked = parseModelReference(reference)
  const named = asked.model.slice(asked.model.lastIndexOf('/') + 1)
  if (named !== '' && named !== model.name) {
    throw new CliError('NEXUS_CLI_USAGE', `${name} serves ${model.name}, and a deployment keeps its model`, {
      hint: `Deploy the other one under a name of its own: nexus deploy ${asked.model} --name NAME -n ${project}`,
    })
  }
  try {
    return resolveTag(findModel(await readCatalog(kube, {}, { signal: shell.signal }), model.name), asked.tag)
  } catch (cause) {
    const isGone = cause instanceof CatalogError && cause.code === 'NEXUS_CATALOG_UNKNOWN_MODEL'
    if (!isGone || asked.tag === undefined) throw cause
    shell.talk(`warning: the catalog no longer has ${model.name}; its tag ${asked.tag} is taken as it is.`)
    return asked.tag
  }
}

async function printResult(
  { name, project }: { name: string; project: string },
  result: EditResult,
  { output }: EditFlags,
  shell: Shell,
): Promise<void> {
  const line = `inferenceservice/${name}`
  if (output !== undefined) {
    const data = { name, project, ...result }
    return print(shell, output, { rows: [data], columns: [], name: () => line, data, empty: '' })
  }
  const changes = result.differences.map(
    ({ field, live, wanted }) => `  ${field}: ${live || 'none'} → ${wanted || 'none'}`,
  )
  if (result.outcome === 'planned') {
    const start = result.restarts ? ['  it is stopped and would start'] : []
    return shell.out(`${[`${line} would be edited`, ...changes, ...start].join('\n')}\n`)
  }
  for (const change of changes) shell.talk(change)
  shell.out(`${line} ${result.outcome}\n`)
}
