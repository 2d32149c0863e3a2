import { compareQuantities } from '@nexus/kube'
import type {
  InferenceService,
  KubeObject,
  ObjectMeta,
  PersistentVolumeClaim,
  Secret,
  ServingRuntime,
} from '@nexus/kube'
import { claimsToBeNIM } from '../api/InferenceService.ts'
import { KEY_HINT_ANNOTATION } from '../api/metadata.ts'
import { isNIMServingRuntime } from '../api/ServingRuntime.ts'
import { DeployError } from '../errors.ts'
import type { FieldDifference } from '../errors.ts'
import type { DeployInput, NIMResources, ResourceName } from '../types.ts'
import { differencesOfInputs } from './compare.ts'
import type { Existing, SecretFacts } from './existing.ts'
import { extractFormData } from './extract.ts'
import { isSecretNeeded } from './secrets.ts'

/** What a deploy will do. */
export interface DeployPlan {
  /** The parts that are not there yet. */
  readonly missing: MissingParts
  /** The same parts in the order in which they are created. */
  readonly creates: readonly KubeObject[]
  /** Objects that are there and stay as they are. */
  readonly reuses: readonly ResourceName[]
  /** Secrets that are there and belong to no InferenceService yet. */
  readonly unowned: readonly SecretFacts[]
}

/** The parts of a deployment that have to be made; undefined: it is there, or not needed. */
export interface MissingParts {
  readonly apiKeySecret: Secret | undefined
  readonly pullSecret: Secret | undefined
  readonly pvc: PersistentVolumeClaim | undefined
  readonly runtime: ServingRuntime | undefined
  readonly isvc: InferenceService | undefined
  readonly tokenAuth: readonly KubeObject[]
}

/**
 * Decides what is left to do, given what is there. A deployment that an earlier call left half-made is completed; a
 * plan with nothing to create and nothing to own means that everything is there.
 * @throws DeployError where what is there does not fit.
 */
export function planDeploy(input: DeployInput, desired: NIMResources, existing: Existing): DeployPlan {
  refuseWhatIsGoing(existing)
  refuseForeign(input, existing)
  refuseDifferences(input, desired, existing)
  refusePVC(input, existing)
  const missing = missingParts(desired, existing)
  const { tokenAuth, ...parts } = missing
  const creates = [...Object.values(parts).filter((part) => part !== undefined), ...tokenAuth]
  const wanted = [
    desired.apiKeySecret,
    desired.pullSecret,
    ...(desired.pvc === undefined ? [] : [desired.pvc]),
    desired.runtime,
    desired.isvc,
    ...desired.tokenAuth,
  ]
  return {
    missing,
    creates,
    reuses: wanted.filter((object) => !creates.includes(object)).map(resourceName),
    unowned: [existing.apiKeySecret, existing.pullSecret]
      .filter((secret) => secret !== undefined)
      .filter((secret) => !isOwnedBy(secret.metadata, existing.isvc)),
  }
}

function missingParts(desired: NIMResources, existing: Existing): MissingParts {
  return {
    apiKeySecret: isSecretNeeded(existing.apiKeySecret) ? desired.apiKeySecret : undefined,
    pullSecret: isSecretNeeded(existing.pullSecret) ? desired.pullSecret : undefined,
    pvc: existing.pvc === undefined ? desired.pvc : undefined,
    runtime: existing.runtime === undefined ? desired.runtime : undefined,
    isvc: existing.isvc === undefined ? desired.isvc : undefined,
    tokenAuth: desired.tokenAuth.filter((object) => !existing.tokenAuth.has(placeOf(object))),
  }
}

/** An object's kind and name, which tell the parts of a deployment apart. */
export function placeOf({ kind, metadata }: KubeObject): string {
  return `${kind}/${metadata.name}`
}

/** The name of an object for people and reports. */
export function resourceName({ kind, metadata: { name, namespace } }: KubeObject): ResourceName {
  return namespace === undefined ? { kind, name } : { kind, name, namespace }
}

function isOwnedBy({ ownerReferences = [] }: ObjectMeta, owner: InferenceService | undefined): boolean {
  return owner !== undefined && ownerReferences.some(({ uid }) => uid === owner.metadata.uid)
}

function refuseWhatIsGoing({ namespace, apiKeySecret, pullSecret, pvc, runtime, isvc }: Existing): void {
  const terminating = namespace?.status?.phase === 'Terminating'
  const secrets = [apiKeySecret, pullSecret].filter((secret) => secret !== undefined)
  const going = [namespace, pvc, runtime, isvc, ...secrets].find((object) => object?.metadata.deletionTimestamp)
  // A Secret whose InferenceService is gone is about to be collected, although nothing on it says so.
  const orphan = secrets.find(({ metadata }) => isOrphan(metadata, isvc))
  const name = (terminating ? namespace : (going ?? orphan))?.metadata.name
  if (name === undefined) return
  throw new DeployError('NEXUS_DEPLOY_DELETING', `"${name}" is being deleted.`, { hint: 'Try again when it is gone.' })
}

function isOrphan({ ownerReferences = [] }: ObjectMeta, isvc: InferenceService | undefined): boolean {
  const owners = ownerReferences.filter(({ kind }) => kind === 'InferenceService')
  return owners.length > 0 && !owners.some(({ uid }) => uid === isvc?.metadata.uid)
}

function refuseForeign({ name, project }: DeployInput, { isvc, runtime }: Existing): void {
  const foreign =
    runtime !== undefined && !isNIMServingRuntime(runtime)
      ? 'ServingRuntime'
      : isvc !== undefined && runtime === undefined && !claimsToBeNIM(isvc)
        ? 'InferenceService'
        : undefined
  if (foreign === undefined) return
  throw new DeployError(
    'NEXUS_DEPLOY_NAME_TAKEN',
    `${project} has a ${foreign} "${name}" that is no part of a NIM deployment.`,
    { hint: 'Choose another name.' },
  )
}

function refuseDifferences(input: DeployInput, desired: NIMResources, existing: Existing): void {
  const differences = [
    ...differencesOfInputs(inputsOf(existing, desired), inputsOf(desired, desired)),
    ...differencesOfKey(desired, existing),
    ...(existing.isvc === undefined ? [] : differencesOfStorage(input, existing.pvc)),
  ]
  if (differences.length === 0) return
  const list = differences.map(({ field, live, wanted }) => `  ${field}: ${live || 'none'} → ${wanted || 'none'}`)
  const what = existing.isvc === undefined ? 'Parts of a deployment' : 'A deployment'
  throw new DeployError(
    'NEXUS_DEPLOY_DIFFERS',
    `${what} "${input.name}" exists in ${input.project} with other inputs:\n${list.join('\n')}`,
    {
      hint: hintAbout(input, existing),
      differences,
    },
  )
}

/** What a missing part would say is what is wanted, so that only parts that are there can differ. */
function inputsOf(parts: Pick<Existing, 'isvc' | 'runtime'>, { isvc, runtime }: NIMResources): DeployInput {
  return extractFormData({ isvc: parts.isvc ?? isvc, runtime: parts.runtime ?? runtime })
}

function hintAbout({ name, project }: DeployInput, { isvc, runtime }: Existing): string {
  return isvc !== undefined && runtime !== undefined
    ? `Change what is there: nexus edit ${name} -n ${project} (a key: nexus rotate-key ${name} -n ${project}). Or deploy under another name.`
    : `Deploy with the inputs it was begun with, or remove it first (its volume stays): nexus delete ${name} -n ${project}`
}

/** Keys are compared by their last four characters: nobody reads a Secret's data. */
function differencesOfKey({ apiKeySecret }: NIMResources, existing: Existing): FieldDifference[] {
  const wanted = apiKeySecret.metadata.annotations?.[KEY_HINT_ANNOTATION] ?? ''
  return [existing.apiKeySecret, existing.pullSecret]
    .filter((secret) => secret !== undefined && secret.keyHint !== wanted)
    .map((secret) => ({
      field: `key in ${secret?.metadata.name}`,
      live: secret?.keyHint === undefined ? 'unknown' : `…${secret.keyHint}`,
      wanted: `…${wanted}`,
    }))
}

function differencesOfStorage(input: DeployInput, pvc: PersistentVolumeClaim | undefined): FieldDifference[] {
  const problem = pvc === undefined ? undefined : pvcProblem(input, pvc)
  return problem === undefined ? [] : [problem]
}

function refusePVC(input: DeployInput, { pvc }: Existing): void {
  const name = input.storage.pvc
  if (pvc === undefined) {
    if (input.storage.mode === 'new') return
    throw new DeployError('NEXUS_DEPLOY_PVC_INCOMPATIBLE', `${input.project} has no PVC "${name}".`, {
      hint: `See what there is: kubectl get pvc -n ${input.project}`,
    })
  }
  const problem = pvcProblem(input, pvc)
  if (problem === undefined) return
  throw new DeployError(
    'NEXUS_DEPLOY_PVC_INCOMPATIBLE',
    `PVC "${name}" exists in ${input.project} and does not fit: ${problem.field} is ${problem.live}, wanted ${problem.wanted}.`,
    { hint: `Ask for what it has, or remove it with its data: kubectl delete pvc ${name} -n ${input.project}` },
  )
}

/** Why a deployment cannot use a PVC, undefined where it can. A larger one than was asked for is fine. */
export function pvcProblem(
  { storage, maxReplicas }: DeployInput,
  pvc: PersistentVolumeClaim,
): FieldDifference | undefined {
  if (pvc.status?.phase === 'Lost') return { field: 'state', live: 'Lost', wanted: 'Bound' }
  const modes = pvc.spec.accessModes ?? []
  if (maxReplicas > 1 && !modes.includes('ReadWriteMany')) {
    return { field: 'access mode', live: modes.join(' '), wanted: 'ReadWriteMany' }
  }
  if (storage.mode === 'existing') return undefined
  const { size, storageClass } = storage
  const live = pvc.spec.resources?.requests?.['storage'] ?? '0'
  if (size !== undefined && compareQuantities(live, size) < 0) {
    return { field: 'storage', live: String(live), wanted: size }
  }
  if (storageClass !== undefined && pvc.spec.storageClassName !== storageClass) {
    return { field: 'storage class', live: pvc.spec.storageClassName ?? '', wanted: storageClass }
  }
  return undefined
}
