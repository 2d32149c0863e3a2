import { userInfo } from 'node:os'
import type { SecretText } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import {
  DeployError,
  listNIMDeployments,
  resumeNIMKeyRotation,
  rotateNIMKey,
  undoNIMKeyRotation,
} from '@nexus/nim-serving'
import type { RolloutStrategy, RotateDeps, RotateResult } from '@nexus/nim-serving'
import { readApiKey } from '../api-key.ts'
import type { ApiKeyFlags } from '../api-key.ts'
import { withCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import { CliError } from '../errors.ts'
import type { GatewayFlags } from '../gateway.ts'
import { keyChecker } from '../key-check.ts'
import { print } from '../output/print.ts'
import type { OutputFlags } from '../program.ts'
import { renderRollout, rotationReport } from '../rotation-progress.ts'
import type { Shell } from '../shell.ts'
import { deploymentVerifier } from '../verify-deployment.ts'

export interface RotateKeyFlags extends GatewayFlags, OutputFlags, ApiKeyFlags {
  readonly selector?: string
  readonly resume?: string
  readonly undo?: string
  readonly strategy?: RolloutStrategy
  readonly skipKeyCheck?: boolean
  readonly skipVerify?: boolean
  readonly dryRun?: boolean
  /** Minutes. */
  readonly timeout: number
}

/** What became of one deployment. */
interface Row {
  readonly name: string
  readonly project: string
  readonly outcome: RotateResult['outcome'] | 'failed' | 'not begun'
  /** Of the rotation, where there was one. */
  readonly id?: string
  /** What the restart would do, in a dry run. */
  readonly rollout?: string
}

/** `nexus rotate-key NAME`, `-l SELECTOR`, `--resume ID` or `--undo ID`. */
export async function rotateKey(name: string | undefined, flags: RotateKeyFlags, shell: Shell): Promise<void> {
  requireOneTarget(name, flags)
  const isEnding = flags.resume !== undefined || flags.undo !== undefined
  const key = isEnding ? undefined : await readApiKey(flags, shell)
  await withCluster(flags, shell, async (cluster) => {
    const deps = await rotateDeps(cluster, flags, shell)
    if (key === undefined) return endRotation(cluster, flags, { deps, shell })
    const names = name === undefined ? await namesBySelector(cluster, flags.selector ?? '', shell) : [name]
    await rotateAll(names, { key, cluster, flags, deps, shell })
  })
}

function requireOneTarget(name: string | undefined, { selector, resume, undo, dryRun }: RotateKeyFlags): void {
  const given = [name, selector, resume, undo].filter((target) => target !== undefined)
  if (given.length === 1 && !(dryRun === true && (resume ?? undo) !== undefined)) return
  const problem =
    given.length === 1
      ? 'An open rotation cannot be tried: --dry-run is for new ones'
      : 'Say which key to rotate, in one way'
  throw new CliError('NEXUS_CLI_USAGE', problem, {
    hint: 'nexus rotate-key NAME, or -l SELECTOR, or --resume ID, or --undo ID.',
  })
}

async function rotateDeps(cluster: Cluster, flags: RotateKeyFlags, shell: Shell): Promise<RotateDeps> {
  const { kube } = cluster
  const { checkKey, checkedBy } = keyChecker(cluster, shell)
  const isUnasked = flags.skipVerify === true || flags.dryRun === true
  return {
    kube,
    checkKey,
    keySetBy: userInfo().username,
    verify: isUnasked ? undefined : await deploymentVerifier(kube, flags, shell),
    report: rotationReport(shell, { keyCheckedBy: checkedBy }),
    signal: shell.signal,
    timeoutMs: flags.timeout * 60_000,
  }
}

async function namesBySelector({ kube, namespace }: Cluster, selector: string, shell: Shell): Promise<string[]> {
  const options = { signal: shell.signal }
  const query = { kind: Kinds.InferenceService, namespace, labelSelector: selector }
  const [{ items }, deployments] = await Promise.all([
    kube.list(query, options),
    listNIMDeployments(kube, { namespace }, options),
  ])
  const selected = new Set(items.map(({ metadata }) => metadata.name))
  const names = deployments.map(({ name }) => name).filter((name) => selected.has(name))
  if (names.length > 0) return names
  throw new DeployError('NEXUS_DEPLOY_NOT_FOUND', `No deployment in ${namespace} matches ${selector}.`, {
    hint: `See their labels: kubectl get inferenceservices -n ${namespace} --show-labels`,
  })
}

interface RotateAll {
  readonly key: SecretText
  readonly cluster: Cluster
  readonly flags: RotateKeyFlags
  readonly deps: RotateDeps
  readonly shell: Shell
}

/** One after the other, because each may need the room that the one before has freed; the first failure ends it. */
async function rotateAll(names: readonly string[], { key, cluster, flags, deps, shell }: RotateAll): Promise<void> {
  const { namespace: project } = cluster
  const rows: Row[] = []
  try {
    for (const name of names) {
      if (names.length > 1) shell.talk(`${name}:`)
      const { strategy, skipKeyCheck, dryRun } = flags
      rows.push(
        rowOf({ name, project }, await rotateNIMKey({ name, project }, key, deps, { strategy, skipKeyCheck, dryRun })),
      )
    }
  } catch (error) {
    const [failed, ...rest] = names.slice(rows.length)
    if (failed !== undefined && names.length > 1) {
      rows.push({ name: failed, project, outcome: 'failed' })
      rows.push(...rest.map((name) => ({ name, project, outcome: 'not begun' as const })))
      await printRows(rows, flags, shell)
    }
    throw error
  }
  await printRows(rows, flags, shell)
}

async function endRotation(
  { namespace: project }: Cluster,
  flags: RotateKeyFlags,
  { deps, shell }: { deps: RotateDeps; shell: Shell },
): Promise<void> {
  const end = flags.undo === undefined ? resumeNIMKeyRotation : undoNIMKeyRotation
  const id = flags.undo ?? flags.resume ?? ''
  const result = await end({ id, project }, deps, { strategy: flags.strategy })
  const name = 'deployment' in result ? result.deployment : id
  await printRows([rowOf({ name, project }, result)], flags, shell)
}

function rowOf(ref: { name: string; project: string }, result: RotateResult): Row {
  switch (result.outcome) {
    case 'unchanged':
      return { ...ref, outcome: result.outcome }
    case 'planned':
      return { ...ref, outcome: result.outcome, rollout: renderRollout(result.rollout) }
    case 'rotated':
    case 'undone':
      return { ...ref, outcome: result.outcome, id: result.id }
    default:
      return result satisfies never
  }
}

const SAYINGS: Readonly<Record<Row['outcome'], string>> = {
  unchanged: 'has this key already',
  planned: 'would get the key',
  rotated: 'has the key',
  undone: 'has its old key again',
  failed: 'has failed',
  'not begun': 'was not begun',
}

async function printRows(rows: readonly Row[], flags: RotateKeyFlags, shell: Shell): Promise<void> {
  const nameOf = ({ name }: Row): string => `inferenceservice/${name}`
  if (flags.output === undefined) {
    for (const row of rows) shell.out(`${nameOf(row)} ${SAYINGS[row.outcome]}\n`)
    return
  }
  await print(shell, flags.output, { rows, columns: [], name: nameOf, empty: '' })
}
