import { isNexusError, messageOf } from '@nexus/core'
import type { SecretText } from '@nexus/core'
import { Kinds, KubeApiError, ownerReferenceTo, withDryRun } from '@nexus/kube'
import type { JsonPatchOperation, KubeClient, Secret, ServingRuntime } from '@nexus/kube'
import { keyCheckError } from '../../keys/check.ts'
import type { KeyCheck } from '../../keys/check.ts'
import type { DeploymentRef } from '../../types.ts'
import { fetchSecretFacts, getOrUndefined } from '../existing.ts'
import { MigrateError } from './errors.ts'
import { fetchMigrationFacts, planMigration } from './plan.ts'
import type { MigrationPlan } from './plan.ts'
import { assembleMissingSecrets, refuseOtherKeys } from './own-secrets.ts'
import type { Adoption } from './own-secrets.ts'
import { resolveKey } from './key-source.ts'
import type { KeySource } from './key-source.ts'
import type { MigrateReport } from './progress.ts'
import { migrationPatch } from './patch.ts'
import { referencePatch } from './references.ts'
import { rollOut } from './rollout-wait.ts'
import type { RollOutResult } from './rollout-wait.ts'
import { fetchServingObjects, findSubject } from './subject.ts'

export interface MigrateRequest extends DeploymentRef {
  /** Needed where a Secret is missing. */
  readonly key?: KeySource | undefined
  /** Lets the server check every write and writes nothing. */
  readonly dryRun?: boolean | undefined
  /** How long new pods may take to be ready, in milliseconds. Default an hour. */
  readonly readyTimeoutMs?: number | undefined
}

export interface MigrateDeps {
  readonly kube: KubeClient
  /** Asks NVIDIA about a key: `(key, signal) => checkKey(key, { fetch, url, signal })`. */
  readonly checkKey: (key: SecretText, signal?: AbortSignal) => Promise<KeyCheck>
  /** Who is named in the Secrets as the one who gave the key. */
  readonly keySetBy: string
  readonly report?: MigrateReport | undefined
  readonly signal?: AbortSignal | undefined
  /** How long KServe may take to follow the ServingRuntime, in milliseconds. Default 20 s. */
  readonly adoptionMs?: number | undefined
}

/** What became of each InferenceService on the runtime. */
export interface MigratedService {
  readonly name: string
  readonly pods: RollOutResult
}

export interface MigrateResult {
  /** `planned`: a dry run. `unchanged`: nothing was to be done, and nothing was written. */
  readonly outcome: 'migrated' | 'unchanged' | 'planned'
  readonly plan: MigrationPlan
  readonly services: readonly MigratedService[]
}

/** A plan, and the Secrets with the key in them: never shown. */
interface Writes {
  readonly plan: MigrationPlan
  readonly secrets: readonly Secret[]
}

/** How often a ServingRuntime that others write is read again. */
const TRIES = 5

/**
 * Moves one deployment from the Secrets that a namespace shares to Secrets of its own: Secrets, then references, then pods,
 * then a look at the result. Every step is skipped where it is done, so that an interrupted migration is finished by the
 * same call, and a finished one writes nothing.
 * @throws MigrateError; DeployError where NVIDIA refuses the key; KubeApiError where the cluster cannot be read.
 */
export async function migrateNIMDeployment(request: MigrateRequest, deps: MigrateDeps): Promise<MigrateResult> {
  const writes = await prepare(request, deps)
  const { plan } = writes
  announce(plan, deps)
  if (plan.isDone) return { outcome: 'unchanged', plan, services: currentServices(plan) }
  if (plan.secrets.length > 0 || plan.patch.length > 0) await rehearse(writes, deps)
  if (request.dryRun === true) return { outcome: 'planned', plan, services: [] }
  await write(writes, deps)
  const services: MigratedService[] = []
  for (const { service: isvc, pods: planned } of plan.rollouts) {
    const pods = await rollOut(isvc, {
      ...deps,
      own: plan.subject.own,
      wasCurrent: planned === 'current',
      report: deps.report ?? (() => {}),
      signal: deps.signal,
      readyTimeoutMs: request.readyTimeoutMs,
    }).catch((cause: unknown) => {
      throw incomplete(cause, deps.signal)
    })
    services.push({ name: isvc.metadata.name, pods })
  }
  await verify(plan, deps)
  return { outcome: 'migrated', plan, services }
}

/** Reads everything, decides, and finds the key where one is needed. */
async function prepare({ key: source, ...ref }: MigrateRequest, deps: MigrateDeps): Promise<Writes> {
  const { kube, signal } = deps
  const subject = findSubject(await fetchServingObjects(kube, ref.project, { signal }), ref)
  const facts = await fetchMigrationFacts(kube, subject, { signal })
  refuseOtherKeys(subject, facts.keys, source?.from === 'person' ? source.key : undefined)
  const plan = planMigration(facts)
  if (plan.secrets.length === 0) return { plan, secrets: [] }
  const key = await resolveKey(kube, subject, { own: facts.keys, source }, { signal })
  await checkWithNVIDIA(key, deps)
  const input = { key, setBy: deps.keySetBy }
  return { plan, secrets: assembleMissingSecrets(subject, facts.keys, { key: input, shared: facts.sharedPull }) }
}

/** A key that NVIDIA refuses stops the migration. A silent NVIDIA does not: the pods run with what they have. */
async function checkWithNVIDIA(key: SecretText, { checkKey, report, signal }: MigrateDeps): Promise<void> {
  const check = await checkKey(key, signal)
  const error = keyCheckError(check)
  if (error === undefined) return report?.({ type: 'key-checked' })
  if (REFUSALS.includes(error.code)) throw error
  report?.({ type: 'key-not-checked', because: error })
}

/** Answers that say something about the key itself. */
const REFUSALS: readonly string[] = [
  'NEXUS_DEPLOY_KEY_MALFORMED',
  'NEXUS_DEPLOY_KEY_LEGACY',
  'NEXUS_DEPLOY_KEY_INVALID',
  'NEXUS_DEPLOY_KEY_FORBIDDEN',
]

/** Says before the first write what it will cost. */
function announce({ rollouts, leftAlone }: MigrationPlan, { report = () => {} }: MigrateDeps): void {
  for (const { user, secret } of leftAlone) report({ type: 'left-alone', user, secret })
  for (const { service, plan } of rollouts) {
    if (plan !== undefined) report({ type: 'rollout-ahead', service: service.metadata.name, plan })
  }
}

function currentServices({ rollouts }: MigrationPlan): MigratedService[] {
  return rollouts.map(({ service, pods }) => ({ name: service.metadata.name, pods }))
}

/** Lets the server judge every write before the first. */
async function rehearse({ plan: { subject, patch }, secrets }: Writes, { kube, signal }: MigrateDeps): Promise<void> {
  const rehearsal = withDryRun(kube)
  try {
    await Promise.all(secrets.map((secret) => rehearsal.create(secret, { signal })))
    if (patch.length > 0) await rehearsal.patch(runtimeRef(subject), { type: 'json', operations: patch }, { signal })
  } catch (cause) {
    if (!(cause instanceof KubeApiError) || cause.status < 400 || cause.status >= 500) throw cause
    throw new MigrateError('NEXUS_MIGRATE_REFUSED', `The cluster would refuse this: ${cause.message}`, {
      hint: 'Nothing was written. Ask the cluster admin about the rights or the policy, then run the command again.',
      cause,
    })
  }
}

async function write({ plan, secrets }: Writes, deps: MigrateDeps): Promise<void> {
  const { kube, report = () => {}, signal } = deps
  try {
    for (const secret of secrets) {
      signal?.throwIfAborted()
      await kube.create(secret, { signal })
      report({ type: 'secret-created', secret: secret.metadata.name })
    }
    for (const adoption of plan.adoptions) await adopt(adoption, plan.subject.project, deps)
    await moveReferences(plan, deps)
  } catch (cause) {
    throw incomplete(cause, signal)
  }
}

/** A strategic patch merges owners by uid: those that somebody else adds meanwhile stay. */
async function adopt(
  { secret, owners }: Adoption,
  namespace: string,
  { kube, report, signal }: MigrateDeps,
): Promise<void> {
  const ref = { kind: Kinds.Secret, name: secret.name, namespace }
  const ownerReferences = owners.map((isvc) => ownerReferenceTo(isvc))
  const body = { metadata: { uid: secret.uid, ownerReferences } }
  await kube.patch(ref, { type: 'strategic', body }, { signal })
  report?.({ type: 'secret-owned', secret: secret.name })
}

/** The patch is made anew from what is there when somebody wrote in between, which its tests find out. */
async function moveReferences({ subject, patch }: MigrationPlan, deps: MigrateDeps): Promise<void> {
  const { kube, report, signal } = deps
  const ref = runtimeRef(subject)
  let operations: readonly JsonPatchOperation[] = patch
  for (let tries = 1; operations.length > 0; tries += 1) {
    try {
      signal?.throwIfAborted()
      await kube.patch(ref, { type: 'json', operations }, { signal })
      const secrets = [subject.own.apiKey, subject.own.pull]
      const readiness = operations.some(({ path }) => path.endsWith('/readinessProbe'))
      return report?.({ type: 'references-moved', runtime: ref.name, secrets, readiness })
    } catch (cause) {
      if (!isRace(cause) || tries === TRIES) throw cause
      operations = migrationPatch(await kube.get(ref, { signal }), subject.own)
    }
  }
}

/** 409, or 422 for a `test` that does not hold. */
function isRace(cause: unknown): boolean {
  return cause instanceof KubeApiError && (cause.status === 409 || cause.status === 422)
}

function runtimeRef({ runtime, project }: MigrationPlan['subject']): {
  kind: typeof Kinds.ServingRuntime
  name: string
  namespace: string
} {
  return { kind: Kinds.ServingRuntime, name: runtime.metadata.name, namespace: project }
}

function incomplete(cause: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true || (isNexusError(cause) && cause instanceof MigrateError)) return cause
  return new MigrateError('NEXUS_MIGRATE_INCOMPLETE', `The migration stopped: ${messageOf(cause)}`, {
    hint: 'What was done stays, and the deployment answers. Run the same command again: it goes on from there.',
    cause,
  })
}

/** Reads the result back: the references on the ServingRuntime, and that their Secrets exist. */
async function verify({ subject }: MigrationPlan, { kube, report, signal }: MigrateDeps): Promise<void> {
  const { own, project: namespace } = subject
  const [runtime, ...secrets] = await Promise.all([
    getOrUndefined<ServingRuntime>(kube, runtimeRef(subject), { signal }),
    ...[own.apiKey, own.pull].map((name) => fetchSecretFacts(kube, { name, namespace }, { signal })),
  ])
  const holds = runtime !== undefined && referencePatch(runtime, own).length === 0
  if (holds && secrets.every((secret) => secret !== undefined)) {
    return report?.({ type: 'verified', runtime: subject.runtime.metadata.name })
  }
  throw new MigrateError(
    'NEXUS_MIGRATE_NOT_VERIFIED',
    `ServingRuntime "${subject.runtime.metadata.name}" does not use ${own.apiKey} and ${own.pull}: somebody changed it meanwhile.`,
    { hint: `Run the same command again. See what there is: nexus migrate -n ${namespace} --plan` },
  )
}
