import { messageOf } from '@nexus/core'
import type { SecretText } from '@nexus/core'
import { isAlreadyExists } from '@nexus/kube'
import type { InferenceService, KubeClient, KubeObject, Namespace, Secret, ServingRuntime } from '@nexus/kube'
import { createInferenceService } from '../api/InferenceService.ts'
import { createServingRuntime } from '../api/ServingRuntime.ts'
import { DeployError } from '../errors.ts'
import { keyCheckError } from '../keys/check.ts'
import type { KeyCheck } from '../keys/check.ts'
import type { DeployInput, NIMResources, ResourceName } from '../types.ts'
import { fetchNIMTemplate, fetchNIMTemplateName } from '../utils/templates.ts'
import { keepIdentity } from './applier.ts'
import type { ApplyFieldData } from './applier.ts'
import { checkOnServer } from './check-on-server.ts'
import { fetchExisting } from './existing.ts'
import type { Existing, SecretFacts } from './existing.ts'
import { fetchHardwareProfile } from './hardware-profiles.ts'
import { WriteJournal } from './journal.ts'
import { planDeploy, resourceName } from './plan.ts'
import type { DeployPlan, MissingParts } from './plan.ts'
import type { Report } from './progress.ts'
import { parseDeployRequest } from './request.ts'
import type { DeployRequest, ParsedDeployRequest } from './request.ts'
import { assembleNIMInferenceService, assembleNIMServingRuntime } from './resources.ts'
import { assembleNIMPVC, assembleNIMSecrets, createNGCPullSecret, createNIMAPISecret, handleNIMPVC } from './secrets.ts'
import { sizeByProfile } from './size-by-profile.ts'
import { requireStorageClass } from './storage-class.ts'
import { assembleTokenAuth, ownedBy } from './token-auth.ts'

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
  /** Changes the runtime and the InferenceService before they are saved, e.g. adds labels. */
  readonly applyFieldData?: ApplyFieldData | undefined
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
 * 1 extract and validate (`parseDeployRequest`, `requireValidKey`) · 2 fetch the template (`fetchNIMTemplateName`,
 * `fetchNIMTemplate`) · 3 names, 4 runtime, 5 InferenceService, 8 Secrets and PVC as data (`assemble`) · 6 dry run
 * (`checkOnServer`) · 7, 8, 10 write (`writeAll`: Secrets and PVC first, one after the other, so that a failure has an
 * exact end) · 12 the result. Steps 9 and 11 belong to the edit of a deployment: `editNIMDeployment`.
 *
 * What this call created is taken back when it fails; what it found stays. Calling it again with the same request is
 * safe: it completes what is half-made, and writes nothing where all is there.
 * @throws DeployError; KubeApiError where the cluster refuses or cannot be reached before anything was written.
 */
export async function deployNIMDeployment(request: DeployRequest, deps: DeployDeps): Promise<DeployResult> {
  const { kube, report = () => {}, signal } = deps
  const asked = parseDeployRequest(request)
  await requireValidKey(asked, deps, report)
  const { platformNamespace: namespace } = asked
  const name = await fetchNIMTemplateName(kube, { namespace }, { signal })
  const template = await fetchNIMTemplate(kube, { namespace, name }, { signal })
  report({ type: 'template-read', namespace })
  const parsed = { ...asked, input: await sizedInput(asked, deps) }
  const existing = await fetchExisting(kube, parsed.input, { signal })
  requireNamespace(parsed, existing)
  const plan = planDeploy(parsed.input, assemble(parsed, template, deps), existing)
  if (existing.isvc !== undefined && plan.creates.length === 0 && plan.unowned.length === 0) {
    return { outcome: 'unchanged', isvc: existing.isvc }
  }
  if (plan.missing.pvc !== undefined) await requireStorageClass(kube, plan.missing.pvc, { signal })
  for (const resource of plan.reuses) report({ type: 'reused', resource })
  return parsed.dryRun ? dryRun(parsed, existing, plan, deps) : writeAll(parsed, existing, plan, deps)
}

/** The input sized and placed by the hardware profile that was asked for, if one was. */
async function sizedInput(asked: ParsedDeployRequest, { kube, signal }: DeployDeps): Promise<DeployInput> {
  if (asked.hardwareProfile === undefined) return asked.input
  const places = { project: asked.input.project, platformNamespace: asked.platformNamespace }
  const profile = await fetchHardwareProfile(kube, { name: asked.hardwareProfile, ...places }, { signal })
  return sizeByProfile(asked.input, profile, asked.sizes)
}

/** All objects of the deployment, as an applier leaves them. */
function assemble(
  { input, key }: ParsedDeployRequest,
  template: ServingRuntime,
  { keySetBy, applyFieldData = (objects) => objects }: DeployDeps,
): NIMResources {
  const assembled = {
    runtime: assembleNIMServingRuntime(input, template),
    isvc: assembleNIMInferenceService(input),
  }
  return {
    ...assembleNIMSecrets(input, { key, setBy: keySetBy }),
    pvc: assembleNIMPVC(input),
    ...keepIdentity(assembled, applyFieldData(assembled)),
    tokenAuth: assembleTokenAuth(input),
  }
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
  try {
    if (existing.namespace === undefined) await createReported(journal.client, namespaceOf(input.project), report)
    const stamped = plan.creates.map((object) => journal.stamp(object))
    await checkOnServer(kube, stamped, report, signal)
    const { isvc, secrets } = await createParts(journal.client, plan.missing, existing, { report, signal })
    await ownSecrets(journal, { isvc, created: secrets, unowned: plan.unowned }, report)
    for (const object of plan.missing.tokenAuth) {
      signal?.throwIfAborted()
      await createReported(journal.client, ownedBy(object, isvc), report)
    }
    return {
      outcome: existing.isvc === undefined ? 'created' : 'completed',
      isvc,
      created: plan.creates.map(resourceName),
      reused: plan.reuses,
    }
  } catch (cause) {
    throw await takeBack(journal, cause, report, signal)
  }
}

interface CreatedParts {
  readonly isvc: InferenceService
  readonly secrets: readonly SecretFacts[]
}

/** Creates what is missing, one after the other, in the order in which the parts need each other. */
async function createParts(
  kube: KubeClient,
  { apiKeySecret, pullSecret, pvc, runtime, isvc }: MissingParts,
  existing: Existing,
  { report, signal }: { report: Report; signal: AbortSignal | undefined },
): Promise<CreatedParts> {
  const make = async <T extends KubeObject, Made>(
    object: T | undefined,
    create: (kube: KubeClient, object: T) => Promise<Made>,
  ): Promise<Made | undefined> => {
    if (object === undefined) return undefined
    signal?.throwIfAborted()
    const made = await create(kube, object)
    report({ type: 'created', resource: resourceName(object) })
    return made
  }
  const apiKey = await make(apiKeySecret, createNIMAPISecret)
  const pull = await make(pullSecret, createNGCPullSecret)
  await make(pvc, (client, wanted) => handleNIMPVC(client, { live: undefined, wanted }))
  await make(runtime, createServingRuntime)
  const created = (await make(isvc, createInferenceService)) ?? existing.isvc
  if (created === undefined) throw new TypeError('a deployment has an InferenceService')
  return { isvc: created, secrets: [apiKey, pull].filter((secret) => secret !== undefined) }
}

async function createReported(kube: KubeClient, object: KubeObject, report: Report): Promise<void> {
  await kube.create(object)
  report({ type: 'created', resource: resourceName(object) })
}

function namespaceOf(name: string): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
}

/** The Secrets go when the InferenceService goes. Never the PVC: it holds the weights and outlives the deployment. */
async function ownSecrets(
  journal: WriteJournal,
  {
    isvc,
    created,
    unowned,
  }: { isvc: InferenceService; created: readonly SecretFacts[]; unowned: DeployPlan['unowned'] },
  report: Report,
): Promise<void> {
  for (const secret of created) await journal.own(secret, isvc, false)
  for (const secret of unowned) await journal.own(secret, isvc, true)
  for (const { metadata } of [...created, ...unowned]) {
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
