import { messageOf } from '@nexus/core'
import type { SecretText } from '@nexus/core'
import { isAlreadyExists } from '@nexus/kube'
import type { InferenceService, KubeClient, KubeObject, Namespace, Secret } from '@nexus/kube'
import { DeployError } from '../errors.ts'
import { keyCheckError } from '../keys/check.ts'
import type { KeyCheck } from '../keys/check.ts'
import type { NIMResources, ResourceName } from '../types.ts'
import { fetchNIMTemplate } from '../utils/templates.ts'
import { checkOnServer } from './check-on-server.ts'
import { fetchExisting } from './existing.ts'
import type { Existing } from './existing.ts'
import { WriteJournal } from './journal.ts'
import { planDeploy, resourceName } from './plan.ts'
import type { DeployPlan } from './plan.ts'
import type { Report } from './progress.ts'
import { parseDeployRequest } from './request.ts'
import type { DeployRequest, ParsedDeployRequest } from './request.ts'
import { assembleNIMInferenceService, assembleNIMServingRuntime } from './resources.ts'
import { assembleNIMPVC, assembleNIMSecrets } from './secrets.ts'

export interface DeployDeps {
  readonly kube: KubeClient
  /** Asks NVIDIA about a key: `(key, signal) => checkKey(key, { fetch, url, signal })`. */
  readonly checkKey: (key: SecretText, signal?: AbortSignal) => Promise<KeyCheck>
  /** Who is named in the Secrets as the one who gave the key. */
  readonly keySetBy: string
  readonly report?: Report | undefined
  readonly signal?: AbortSignal | undefined
  /** Marks what this call creates. Default a random UUID. */
  readonly deployId?: string | undefined
}

export type DeployResult =
  /** `created`: a new InferenceService. `completed`: an InferenceService was there, something beside it was not. */
  | {
      readonly outcome: 'created' | 'completed'
      readonly isvc: InferenceService
      readonly created: readonly ResourceName[]
      readonly reused: readonly ResourceName[]
    }
  /** Everything was there, made from the same inputs; nothing was written. */
  | { readonly outcome: 'unchanged'; readonly isvc: InferenceService }
  /**
   * A dry run: what would be created, keys left out. `checkedByServer` is false where the namespace does not exist yet,
   * because no server checks an object of a namespace that is not there.
   */
  | {
      readonly outcome: 'planned'
      readonly objects: readonly KubeObject[]
      readonly reused: readonly ResourceName[]
      readonly checkedByServer: boolean
    }

/**
 * Deploys a NIM. The twelve steps of a deployment are here:
 * 1 extract and validate (`parseDeployRequest`, `requireValidKey`) · 2 fetch the template (`fetchNIMTemplate`) · 3 names,
 * 4 runtime, 5 InferenceService, 8 Secrets and PVC as data (`assemble`) · 6 dry run (`checkOnServer`) · 7, 8, 10 write
 * (`writeAll`: Secrets and PVC first, one after the other, so that a failure has an exact end) · 12 the result. Steps 9
 * and 11 belong to the edit of a deployment.
 *
 * What this call created is taken back when it fails; what it found stays. Calling it again with the same request is
 * safe: it completes what is half-made, and writes nothing where all is there.
 * @throws DeployError; KubeApiError where the cluster refuses or cannot be reached before anything was written.
 */
export async function deployNIMDeployment(request: DeployRequest, deps: DeployDeps): Promise<DeployResult> {
  const { kube, report = () => {}, signal } = deps
  const parsed = parseDeployRequest(request)
  await requireValidKey(parsed, deps, report)
  const template = await fetchNIMTemplate(kube, { namespace: parsed.platformNamespace }, { signal })
  report({ type: 'template-read', namespace: parsed.platformNamespace })
  const existing = await fetchExisting(kube, parsed.input, { signal })
  requireNamespace(parsed, existing)
  const desired: NIMResources = {
    ...assembleNIMSecrets(parsed.input, { key: parsed.key, setBy: deps.keySetBy }),
    pvc: assembleNIMPVC(parsed.input),
    runtime: assembleNIMServingRuntime(parsed.input, template),
    isvc: assembleNIMInferenceService(parsed.input),
  }
  const plan = planDeploy(parsed.input, desired, existing)
  if (existing.isvc !== undefined && plan.creates.length === 0 && plan.unowned.length === 0) {
    return { outcome: 'unchanged', isvc: existing.isvc }
  }
  for (const resource of plan.reuses) report({ type: 'reused', resource })
  return parsed.dryRun ? dryRun(parsed, existing, plan, deps) : writeAll(parsed, existing, plan, deps)
}

async function requireValidKey(
  { key, skipKeyCheck }: ParsedDeployRequest,
  { checkKey, signal }: DeployDeps,
  report: Report,
): Promise<void> {
  if (skipKeyCheck) return report({ type: 'key-check-skipped' })
  const error = keyCheckError(await checkKey(key, signal))
  if (error !== undefined) throw error
  report({ type: 'key-checked' })
}

function requireNamespace({ input: { project }, createNamespace }: ParsedDeployRequest, { namespace }: Existing): void {
  if (namespace !== undefined || createNamespace) return
  throw new DeployError('NEXUS_DEPLOY_NAMESPACE_MISSING', `There is no namespace "${project}".`, {
    hint: `Add --create-namespace, or create it: kubectl create namespace ${project}`,
  })
}

async function dryRun(
  { input: { project } }: ParsedDeployRequest,
  { namespace }: Existing,
  { creates, reuses }: DeployPlan,
  { kube, report = () => {}, signal }: DeployDeps,
): Promise<DeployResult> {
  const checkedByServer = namespace !== undefined
  const objects = checkedByServer ? creates : [namespaceOf(project), ...creates]
  await checkOnServer(kube, checkedByServer ? creates : [namespaceOf(project)], report, signal)
  return {
    outcome: 'planned',
    objects: objects.map((object) => withoutSecretData(object)),
    reused: reuses,
    checkedByServer,
  }
}

function withoutSecretData(object: KubeObject): KubeObject {
  if (!isSecret(object)) return object
  const data = Object.fromEntries(Object.keys(object.data ?? {}).map((key) => [key, '[redacted]']))
  const redacted: Secret = { ...object, data }
  return redacted
}

function isSecret(object: KubeObject): object is Secret {
  return object.kind === 'Secret'
}

/**
 * Writes the plan, or nothing: the first failure takes back what was written. A missing namespace is created before the
 * dry run, because no server checks an object of a namespace that is not there; it is the first to be taken back.
 */
async function writeAll(
  { input }: ParsedDeployRequest,
  existing: Existing,
  plan: DeployPlan,
  { kube, report = () => {}, signal, deployId = crypto.randomUUID() }: DeployDeps,
): Promise<DeployResult> {
  const journal = new WriteJournal({ kube, deployId, signal })
  const create = async (object: KubeObject): Promise<KubeObject> => {
    signal?.throwIfAborted()
    const created = await journal.create(object)
    report({ type: 'created', resource: resourceName(object) })
    return created
  }
  try {
    if (existing.namespace === undefined) await create(namespaceOf(input.project))
    const stamped = plan.creates.map((object) => journal.stamp(object))
    await checkOnServer(kube, stamped, report, signal)
    const created: KubeObject[] = []
    for (const object of plan.creates) created.push(await create(object))
    const isvc = existing.isvc ?? created.find(isInferenceService)
    if (isvc === undefined) throw new TypeError('a deployment has an InferenceService')
    await ownSecrets(journal, { isvc, created, unowned: plan.unowned }, report)
    return {
      outcome: existing.isvc === undefined ? 'created' : 'completed',
      isvc,
      created: created.map(resourceName),
      reused: plan.reuses,
    }
  } catch (cause) {
    throw await takeBack(journal, cause, report, signal)
  }
}

function isInferenceService(object: KubeObject): object is InferenceService {
  return object.kind === 'InferenceService'
}

function namespaceOf(name: string): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
}

/** The Secrets go when the InferenceService goes. Never the PVC: it holds the weights and outlives the deployment. */
async function ownSecrets(
  journal: WriteJournal,
  { isvc, created, unowned }: { isvc: InferenceService; created: KubeObject[]; unowned: DeployPlan['unowned'] },
  report: Report,
): Promise<void> {
  const made = created.filter(({ kind }) => kind === 'Secret')
  for (const secret of made) await journal.own(secret, isvc, false)
  for (const secret of unowned) await journal.own(secret, isvc, true)
  for (const { metadata } of [...made, ...unowned]) {
    report({ type: 'owned', resource: { kind: 'Secret', name: metadata.name, namespace: metadata.namespace } })
  }
}

async function takeBack(
  journal: WriteJournal,
  cause: unknown,
  report: Report,
  signal?: AbortSignal,
): Promise<DeployError> {
  report({ type: 'rolling-back', because: messageOf(cause) })
  const { removed, leftovers } = await journal.rollBack()
  for (const { kind, name, namespace } of removed) {
    report({ type: 'removed', resource: { kind: kind.kind, name, namespace } })
  }
  if (leftovers.length > 0) {
    return new DeployError(
      'NEXUS_DEPLOY_ROLLBACK_INCOMPLETE',
      `The deployment failed, and not everything could be removed again: ${messageOf(cause)}`,
      { hint: `Remove what is left:\n${leftovers.join('\n')}`, cause, leftovers },
    )
  }
  return failure(cause, signal)
}

function failure(cause: unknown, signal?: AbortSignal): DeployError {
  if (cause instanceof DeployError) return cause
  if (signal?.aborted === true) {
    return new DeployError(
      'NEXUS_DEPLOY_ABORTED',
      'Stopped before the deployment was complete; nothing is left of it.',
      {
        cause,
      },
    )
  }
  const hint = isAlreadyExists(cause)
    ? 'Somebody else created it at the same time. Run the command again to see what is there.'
    : 'Nothing is left of it. Run the command again.'
  return new DeployError('NEXUS_DEPLOY_FAILED', `The deployment failed: ${messageOf(cause)}`, { hint, cause })
}
