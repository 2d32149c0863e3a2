import { userInfo } from 'node:os'
import {
  migrateNIMDeployment,
  parseKey,
  planNamespaceMigration,
  planSharedSecretsRemoval,
  previewMigration,
  removeSharedSecrets,
} from '@nexus/nim-serving'
import type { KeySource, MigrateResult, MigrationPlan, NamespaceMigration } from '@nexus/nim-serving'
import { readApiKey } from '../api-key.ts'
import type { ApiKeyFlags } from '../api-key.ts'
import { withCluster } from '../cluster.ts'
import type { Cluster, ClusterFlags } from '../cluster.ts'
import { confirm } from '../confirm.ts'
import { CliError } from '../errors.ts'
import { migrateReport } from '../migrate-progress.ts'
import { renderDiff } from '../output/diff.ts'
import { keyChecker } from '../key-check.ts'
import { print } from '../output/print.ts'
import type { Column } from '../output/table.ts'
import type { OutputFlags } from '../program.ts'
import type { Shell } from '../shell.ts'

export interface MigrateFlags extends ClusterFlags, OutputFlags, ApiKeyFlags {
  readonly deployment?: string
  /** `-k`: a key in the process list; accepted because scripts use it. */
  readonly apiKey?: string
  readonly reuseKey?: boolean
  readonly cleanup?: boolean
  readonly plan?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
  /** Minutes. */
  readonly timeout: number
}

/** `nexus migrate`: one deployment, the whole namespace's plan, or the removal of the shared Secrets. */
export async function migrate(flags: MigrateFlags, shell: Shell): Promise<void> {
  if (flags.cleanup === true) return withCluster(flags, shell, (cluster) => cleanUp(cluster, flags, shell))
  if (flags.plan === true) return withCluster(flags, shell, (cluster) => showPlan(cluster, flags, shell))
  const { deployment } = flags
  if (deployment === undefined) {
    throw new CliError('NEXUS_CLI_USAGE', 'Which deployment is meant was not said', {
      hint: 'Name it with -d, see all with --plan, or remove the shared Secrets with --cleanup.',
    })
  }
  const key = await keySource(flags, shell)
  await withCluster(flags, shell, (cluster) => migrateOne(cluster, { deployment, key, flags }, shell))
}

async function keySource(flags: MigrateFlags, shell: Shell): Promise<KeySource | undefined> {
  const { apiKey, apiKeyStdin, apiKeyFile, reuseKey } = flags
  const given = [apiKey !== undefined, apiKeyStdin === true, apiKeyFile !== undefined, reuseKey === true]
  if (given.filter(Boolean).length > 1) {
    throw new CliError('NEXUS_CLI_USAGE', 'The key is given in more than one way', {
      hint: 'Take one of --api-key-stdin, --api-key-file, -k and --reuse-key.',
    })
  }
  if (reuseKey === true) return { from: 'cluster' }
  if (apiKey !== undefined) {
    shell.talk('warning: a key after -k shows in the process list and the shell’s history. Use --api-key-stdin.')
    return { from: 'person', key: parseKey(apiKey) }
  }
  if (apiKeyStdin !== true && apiKeyFile === undefined) return undefined
  return { from: 'person', key: await readApiKey(flags, shell) }
}

async function migrateOne(
  { kube, namespace, sandbox }: Cluster,
  { deployment, key, flags }: { deployment: string; key: KeySource | undefined; flags: MigrateFlags },
  shell: Shell,
): Promise<void> {
  const { checkKey, checkedBy } = keyChecker({ sandbox }, shell)
  const result = await migrateNIMDeployment(
    {
      name: deployment,
      project: namespace,
      key,
      dryRun: flags.dryRun ?? false,
      readyTimeoutMs: flags.timeout * 60_000,
    },
    {
      kube,
      checkKey,
      keySetBy: userInfo().username,
      report: migrateReport(shell, { keyCheckedBy: checkedBy }),
      signal: shell.signal,
    },
  )
  await printResult(result, flags, shell)
}

async function printResult(result: MigrateResult, flags: MigrateFlags, shell: Shell): Promise<void> {
  const { outcome, plan, services } = result
  const line = `servingruntime/${plan.subject.runtime.metadata.name}`
  if (flags.output === undefined) {
    return shell.out(outcome === 'planned' ? await renderDryRun(plan) : `${line} ${outcome}\n`)
  }
  const data = { ...planData(plan), outcome, services }
  await print(shell, flags.output, { rows: [data], columns: [], name: () => line, data, empty: '' })
}

/** A plan as scripts read it: names only. */
function planData({ subject, secrets, patch }: MigrationPlan): object {
  return {
    deployment: subject.own.deployment,
    project: subject.project,
    servingRuntime: subject.runtime.metadata.name,
    createsSecrets: secrets,
    movesReferences: patch.length > 0,
  }
}

async function renderDryRun(plan: MigrationPlan): Promise<string> {
  const { name } = plan.subject.runtime.metadata
  const secrets = plan.secrets.map((secret) => `would create Secret ${secret}\n`)
  const owned = plan.adoptions.map(({ secret }) => `would let the InferenceService own Secret ${secret.name}\n`)
  const rollouts = plan.rollouts
    .filter(({ pods }) => pods === 'rolled')
    .map(({ service }) => `would replace the pods of ${service.metadata.name}\n`)
  return [...secrets, ...owned, await renderReferences(plan, name), ...rollouts].join('')
}

async function renderReferences(plan: MigrationPlan, name: string): Promise<string> {
  if (plan.patch.length === 0) return ''
  const { stringify } = await import('yaml')
  const { before, after } = previewMigration(plan)
  const text = ({ spec }: typeof before): string => stringify(spec, { sortMapEntries: true })
  return `would change ServingRuntime ${name}:\n${renderDiff(text(before), text(after))}`
}

async function showPlan({ kube, namespace }: Cluster, flags: MigrateFlags, shell: Shell): Promise<void> {
  const rows = await planNamespaceMigration(kube, namespace, { signal: shell.signal })
  await print(shell, flags.output, {
    rows,
    columns: COLUMNS,
    name: ({ name }) => name,
    data: rows.map(({ name, state, plan }) => ({ name, state, ...planData(plan) })),
    empty: `No NIM deployments in ${namespace}.`,
  })
}

const COLUMNS: readonly Column<NamespaceMigration>[] = [
  { heading: 'NAME', cell: ({ name }) => name },
  { heading: 'SECRETS', cell: ({ state }) => state },
  { heading: 'RUNTIME', cell: ({ plan }) => plan.subject.runtime.metadata.name, wide: true },
  { heading: 'A MIGRATION WOULD', cell: ({ plan }) => renderSteps(plan) },
]

function renderSteps({ secrets, adoptions, patch, rollouts }: MigrationPlan): string {
  const replaced = rollouts.filter(({ pods }) => pods === 'rolled').map(({ service }) => service.metadata.name)
  const steps = [
    ...(secrets.length > 0 ? [`create ${secrets.join(' and ')}`] : []),
    ...(adoptions.length > 0 ? ['let the InferenceService own its Secrets'] : []),
    ...(patch.length > 0 ? ['move the references'] : []),
    ...(replaced.length > 0 ? [`replace the pods of ${replaced.join(' and ')}`] : []),
  ]
  return steps.join(', ') || 'do nothing'
}

async function cleanUp({ kube, namespace }: Cluster, flags: MigrateFlags, shell: Shell): Promise<void> {
  if (flags.deployment !== undefined) shell.talk('--cleanup is about the whole project; -d is not looked at.')
  const { secrets } = await planSharedSecretsRemoval(kube, namespace, { signal: shell.signal })
  const names = secrets.map(({ metadata }) => metadata.name)
  if (names.length === 0) return shell.talk(`There are no shared Secrets in ${namespace}.`)
  const shown = names.map((name) => `would delete Secret ${name}\n`).join('')
  if (flags.dryRun === true) return shell.out(shown)
  if (flags.yes !== true) {
    shell.talk(shown.trimEnd())
    const question = `Delete the shared Secrets of ${namespace}?`
    await confirm({ question, doing: 'Deleting the shared Secrets', refused: 'Nothing was deleted' }, shell)
  }
  const removed = await removeSharedSecrets(namespace, { kube, report: migrateReport(shell), signal: shell.signal })
  shell.out(removed.map((name) => `secret/${name} deleted\n`).join(''))
}
