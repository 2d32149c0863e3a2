import { PLATFORM_NAMESPACE } from '@nexus/catalog'
import { messageOf } from '@nexus/core'
import { KubeApiError, Kinds, withDryRun } from '@nexus/kube'
import type { KubeClient } from '@nexus/kube'
import { runtimeNameOf } from '../api/InferenceService.ts'
import { DeployError } from '../errors.ts'
import type { FieldDifference } from '../errors.ts'
import type { DeployInput, DeploymentRef, ResourceName } from '../types.ts'
import type { ApplyFieldData } from './applier.ts'
import { refusal } from './check-on-server.ts'
import { conflictsOf, editConflict } from './edit-conflict.ts'
import { isNothing, planEdit } from './edit-plan.ts'
import type { EditPlan } from './edit-plan.ts'
import { applyEdit, parseEditRequest, sizesOf } from './edit-request.ts'
import type { EditRequest, ParsedEditRequest } from './edit-request.ts'
import { writeEdit } from './edit-write.ts'
import { openNIMDeployment } from './deployUtils.ts'
import type { OpenedDeployment } from './deployUtils.ts'
import { fetchTokenAuth, getOrUndefined } from './existing.ts'
import { extractFormData } from './extract.ts'
import { fetchHardwareProfile } from './hardware-profiles.ts'
import { pvcProblem, resourceName } from './plan.ts'
import type { Report } from './progress.ts'
import { requireExpandable } from './resize.ts'
import { sizeByProfile } from './size-by-profile.ts'

/** How often an edit starts anew because somebody, mostly a controller, has written the objects meanwhile. */
const MOST_ATTEMPTS = 5

export interface EditDeps {
  readonly kube: KubeClient
  readonly report?: Report | undefined
  readonly signal?: AbortSignal | undefined
  /** Changes the runtime and the InferenceService before they are saved, e.g. adds labels. */
  readonly applyFieldData?: ApplyFieldData | undefined
  /** Default the present. */
  readonly now?: (() => Date) | undefined
}

export interface EditOrder {
  readonly changes: EditRequest
  /** The deployment as the caller saw it when the changes were decided on. Default: as it is now. */
  readonly base?: OpenedDeployment | undefined
  /** Writes what is wanted over what somebody else has changed since `base`, instead of refusing. Default false. */
  readonly overwrite?: boolean | undefined
  /** Lets the server check everything and writes nothing. Default false. */
  readonly dryRun?: boolean | undefined
  /** Where hardware profiles of the platform are. */
  readonly platformNamespace?: string | undefined
}

export type EditResult =
  /** Everything is as wanted; nothing was written. */
  | { readonly outcome: 'unchanged'; readonly differences: readonly [] }
  /** `planned`: a dry run. `restarts`: the deployment was stopped, and starts with the edit. */
  | {
      readonly outcome: 'edited' | 'planned'
      readonly differences: readonly FieldDifference[]
      readonly restarts: boolean
    }

/**
 * Changes a deployment, whoever made it: steps 3 to 7, 9 and 11 of a deployment for one that is there. Only the fields of
 * inputs that change are written; a PVC grows first, the InferenceService is saved last. Nothing is written where nothing
 * changes. A call that broke off is completed by the same call again.
 * @throws DeployError; KubeApiError where the cluster cannot be reached before anything was written.
 */
export async function editNIMDeployment(ref: DeploymentRef, order: EditOrder, deps: EditDeps): Promise<EditResult> {
  const edit = parseEditRequest(order.changes)
  const base = order.base ?? (await openNIMDeployment(deps.kube, ref, { signal: deps.signal }))
  const was = extractFormData(base)
  const wanted = await wantedInput(was, edit, order, deps)
  const session: EditSession = { ref, order, deps, size: edit.storage?.size, was, wanted, written: [] }
  let live = base
  let first: EditPlan | undefined
  for (let attempt = 1; ; attempt++) {
    const plan = await planOf(live, session)
    first ??= plan
    const race = isNothing(plan) ? undefined : await carryOut(plan, session)
    if (race === undefined) return resultOf(first, session)
    live = await readAgain(live, { race, attempt }, session)
  }
}

interface EditSession {
  readonly ref: DeploymentRef
  readonly order: EditOrder
  readonly deps: EditDeps
  readonly size: string | undefined
  readonly was: DeployInput
  readonly wanted: DeployInput
  /** What has been changed so far. */
  readonly written: ResourceName[]
}

async function wantedInput(
  was: DeployInput,
  edit: ParsedEditRequest,
  { platformNamespace = PLATFORM_NAMESPACE }: EditOrder,
  { kube, signal }: EditDeps,
): Promise<DeployInput> {
  const wanted = applyEdit(was, edit)
  const { hardwareProfile: name } = edit
  if (name === undefined || name === null) return wanted
  const profile = await fetchHardwareProfile(kube, { name, project: was.project, platformNamespace }, { signal })
  return sizeByProfile(wanted, profile, sizesOf(edit))
}

/** What is left to do, refused where the volume or others that share the runtime would suffer. */
async function planOf(opened: OpenedDeployment, session: EditSession): Promise<EditPlan> {
  const { wanted, size, deps } = session
  const { kube, signal, now = () => new Date(), applyFieldData = (objects) => objects } = deps
  const live = await withWantedPVC(opened, session)
  const tokenAuth = await fetchTokenAuth(kube, wanted, { signal })
  const plan = planEdit(live, { wanted, size, now: now(), applyFieldData, tokenAuth })
  if (plan.pvc !== undefined) await requireExpandable(kube, plan.pvc.before, { signal })
  if (plan.runtime !== undefined) await refuseShared(live, session)
  return plan
}

/** The deployment with the PVC it shall use, which has to be there and to fit. */
async function withWantedPVC(
  live: OpenedDeployment,
  { ref, was, wanted, deps }: EditSession,
): Promise<OpenedDeployment> {
  const { pvc: name } = wanted.storage
  const isOther = name !== was.storage.pvc
  const isShared = wanted.maxReplicas > 1 && was.maxReplicas <= 1
  if (!isOther && !isShared) return live
  const pvcRef = { kind: Kinds.PersistentVolumeClaim, name, namespace: ref.project }
  const pvc = isOther ? await getOrUndefined(deps.kube, pvcRef, { signal: deps.signal }) : live.pvc
  const problem = pvc === undefined ? undefined : pvcProblem(wanted, pvc)
  if (pvc !== undefined && problem === undefined) return { ...live, pvc }
  const why = problem && `does not fit: ${problem.field} is ${problem.live}, wanted ${problem.wanted}`
  throw new DeployError('NEXUS_DEPLOY_PVC_INCOMPATIBLE', `PVC "${name}" ${why ?? 'does not exist'}.`, {
    hint: `See what there is: kubectl get pvc -n ${ref.project}`,
  })
}

async function refuseShared({ isvc, runtime }: OpenedDeployment, { ref, deps }: EditSession): Promise<void> {
  const { items } = await deps.kube.list(
    { kind: Kinds.InferenceService, namespace: ref.project },
    { signal: deps.signal },
  )
  const others = items
    .filter((item) => item.metadata.name !== isvc.metadata.name && runtimeNameOf(item) === runtime.metadata.name)
    .map(({ metadata }) => metadata.name)
  if (others.length === 0) return
  throw new DeployError(
    'NEXUS_DEPLOY_EDIT_SHARED',
    `The ServingRuntime "${runtime.metadata.name}" also serves ${others.join(', ')}; the edit would change them, too.`,
    { hint: `Deploy under another name instead, then: nexus delete ${ref.name} -n ${ref.project}` },
  )
}

/** Rehearses and writes a plan. Returns the answer that says that somebody else wrote meanwhile, if one did. */
async function carryOut(plan: EditPlan, session: EditSession): Promise<KubeApiError | undefined> {
  const { order, deps, written } = session
  const { kube, report = () => {}, signal } = deps
  const isOverwrite = order.overwrite === true
  try {
    signal?.throwIfAborted()
    await writeEdit(withDryRun(kube), plan, { isOverwrite, signal, isRehearsal: true })
  } catch (cause) {
    if (isRace(cause)) return cause
    throw failure(written.length === 0 ? refusal([cause]) : cause, session)
  }
  report({ type: 'checked', resources: resourcesOf(plan) })
  if (order.dryRun === true) return undefined
  const done = (resource: ResourceName, type: 'changed' | 'created' | 'removed'): void => {
    written.push(resource)
    report({ type, resource })
  }
  try {
    const isvc = await writeEdit(kube, plan, { isOverwrite, signal, isRehearsal: false, done })
    if (plan.restarts && isvc !== undefined) report({ type: 'restarted', resource: resourceName(isvc) })
    return undefined
  } catch (cause) {
    if (isRace(cause)) return cause
    throw failure(cause, session)
  }
}

function resourcesOf({ pvc, runtime, creates, isvc }: EditPlan): ResourceName[] {
  const changed = [pvc?.after, runtime?.after, ...creates, isvc?.after]
  return changed.filter((object) => object !== undefined).map(resourceName)
}

/** 409: written meanwhile, or made meanwhile. 422: a test of a JSON patch failed, or the object is wrong. */
function isRace(cause: unknown): cause is KubeApiError {
  return cause instanceof KubeApiError && (cause.status === 409 || cause.status === 422)
}

/** The deployment as it is after somebody else wrote it, refused where nobody did, or where the edit would undo it. */
async function readAgain(
  before: OpenedDeployment,
  { race, attempt }: { race: KubeApiError; attempt: number },
  session: EditSession,
): Promise<OpenedDeployment> {
  const { ref, order, deps, was, wanted, written } = session
  const live = await openNIMDeployment(deps.kube, ref, { signal: deps.signal })
  const isUnchanged = versionsOf(before).join() === versionsOf(live).join()
  if (attempt === MOST_ATTEMPTS || (isUnchanged && race.status === 422)) {
    throw failure(written.length === 0 ? refusal([race]) : race, session)
  }
  const conflicts = order.overwrite === true ? [] : conflictsOf({ base: was, live: extractFormData(live), wanted })
  if (conflicts.length > 0) throw editConflict(ref, conflicts)
  return live
}

function versionsOf({ isvc, runtime, pvc }: OpenedDeployment): (string | undefined)[] {
  return [isvc, runtime, pvc].map((object) => object?.metadata.resourceVersion)
}

function failure(cause: unknown, { ref, written, deps }: EditSession): unknown {
  if (written.length === 0) {
    return deps.signal?.aborted === true
      ? new DeployError('NEXUS_DEPLOY_ABORTED', 'Stopped before anything was changed.', { cause })
      : cause
  }
  const names = written.map(({ kind, name }) => `${kind} ${name}`).join(', ')
  return new DeployError(
    'NEXUS_DEPLOY_EDIT_INCOMPLETE',
    `"${ref.name}" in ${ref.project} is changed in part (${names}), then: ${messageOf(cause)}`,
    { hint: 'Run the same edit again: it writes what is missing.', cause },
  )
}

function resultOf({ differences, restarts, ...plan }: EditPlan, { order }: EditSession): EditResult {
  if (isNothing(plan)) return { outcome: 'unchanged', differences: [] }
  return { outcome: order.dryRun === true ? 'planned' : 'edited', differences, restarts }
}
