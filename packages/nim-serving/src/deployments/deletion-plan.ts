import { apiKeySecretName, DeploymentName, imagePullSecretName, pvcName } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { InferenceService, KubeObject, ObjectMeta, ObjectRef, PersistentVolumeClaim, Pod } from '@nexus/kube'
import type { ServingRuntime } from '@nexus/kube'
import { runtimeNameOf } from '../api/InferenceService.ts'
import { DASHBOARD_LABEL, MANAGED_LABEL } from '../api/metadata.ts'
import { cacheClaimName, isNIMServingRuntime } from '../api/ServingRuntime.ts'
import { keyVariablesOf } from './migrate/references.ts'
import { SHARED_SECRETS } from './migrate/shared-secrets.ts'
import { rotationSecretName } from './rotate/rotation.ts'
import { claimUsers, runtimeUsers, secretUsers } from './uses.ts'
import type { Owned } from './uses.ts'

/** One object of a deletion. */
export interface Removal {
  readonly ref: ObjectRef
  /** Only the object that was looked at is removed, not a later one of its name. */
  readonly uid: string | undefined
}

/** What a deletion removes, in this order, and what it leaves. */
export interface DeletionPlan {
  readonly removes: readonly Removal[]
  readonly keeps: readonly { readonly ref: ObjectRef; readonly because: string }[]
  /** Secrets that stay and belong to the InferenceService: the collector would take them with it. */
  readonly releases: readonly Removal[]
}

/** A Secret, without its data. */
export interface SecretFound {
  readonly metadata: ObjectMeta
  readonly dataKeys: readonly string[]
}

/** Everything of a namespace that can be part of a deployment or use a part of one. */
export interface NamespaceObjects {
  readonly services: readonly InferenceService[]
  readonly runtimes: readonly ServingRuntime[]
  readonly pods: readonly Pod[]
  readonly claims: readonly PersistentVolumeClaim[]
  /** Those that `candidateSecrets` names. */
  readonly secrets: readonly SecretFound[]
  /** The ServiceAccount, Role and RoleBinding named after the deployment. */
  readonly access: readonly KubeObject[]
  /** Objects of other kinds that may name a Secret or a PVC. */
  readonly others: readonly KubeObject[]
  /** Kinds that could not be listed: what cannot be seen may use a shared Secret. */
  readonly unseen: readonly string[]
}

export interface DeletionOptions {
  /** Also deletes the weights. Default false. */
  readonly deletePvc?: boolean | undefined
}

/**
 * Decides what goes and what stays. Pure. Whatever something else uses stays; the PVC stays unless it is asked for, and
 * unless it is one that was made for a NIM. Works on what a crash left, and on deployments of older dashboards, too.
 */
export function planDeletion(
  name: string,
  namespace: string,
  objects: NamespaceObjects,
  { deletePvc = false }: DeletionOptions = {},
): DeletionPlan {
  const isvc = objects.services.find(({ metadata }) => metadata.name === name)
  const runtime = runtimeOf(name, objects)
  const context: Context = { name, namespace, objects, isvc, runtime, owned: ownedBy(name, objects) }
  const steps = [
    ...(isvc === undefined ? [] : [remove({ kind: Kinds.InferenceService, name, namespace }, isvc.metadata)]),
    ...(runtime === undefined ? [] : [planRuntime(runtime, context)]),
    ...planAccess(context),
    ...objects.secrets.map((secret) => planSecret(secret, context)),
    ...planPVC(context, deletePvc),
  ]
  const keeps = steps.flatMap((step) => ('because' in step ? [step] : []))
  return {
    removes: steps.flatMap((step) => ('because' in step ? [] : [step])),
    keeps,
    releases: releasesOf(keeps, context),
  }
}

interface Context {
  readonly name: string
  readonly namespace: string
  readonly objects: NamespaceObjects
  readonly isvc: InferenceService | undefined
  readonly runtime: ServingRuntime | undefined
  readonly owned: Owned
}

type Step = Removal | { readonly ref: ObjectRef; readonly because: string }

function remove(ref: ObjectRef, { uid }: ObjectMeta): Step {
  return { ref, uid }
}

/** The runtime a deployment of this name runs on; after a crash the one of its own name. */
export function runtimeOf(
  name: string,
  { services, runtimes }: Pick<NamespaceObjects, 'services' | 'runtimes'>,
): ServingRuntime | undefined {
  const isvc = services.find(({ metadata }) => metadata.name === name)
  const runtimeName = (isvc && runtimeNameOf(isvc)) ?? name
  return runtimes.find(({ metadata }) => metadata.name === runtimeName)
}

/** What belongs to the deployment and therefore is no other user: a runtime that others run on is theirs, too. */
export function ownedBy(name: string, objects: Pick<NamespaceObjects, 'services' | 'runtimes'>): Owned {
  const isvc = objects.services.find(({ metadata }) => metadata.name === name)
  const runtime = runtimeOf(name, objects)?.metadata.name
  const isShared = runtime !== undefined && runtimeUsers(objects.services, name).has(runtime)
  return { deployment: name, uid: isvc?.metadata.uid, runtime: isShared ? undefined : runtime }
}

function planRuntime(runtime: ServingRuntime, { name, namespace, objects }: Context): Step {
  const ref: ObjectRef = { kind: Kinds.ServingRuntime, name: runtime.metadata.name, namespace }
  if (!isNIMServingRuntime(runtime)) return { ref, because: 'it is no NIM runtime' }
  const user = runtimeUsers(objects.services, name).get(runtime.metadata.name)
  return user === undefined ? remove(ref, runtime.metadata) : { ref, because: `${user} uses it` }
}

/** Those that a deployment made go with it by the collector; one that a crash left without an owner does not. */
function planAccess({ namespace, isvc, objects }: Context): Step[] {
  return objects.access.flatMap(({ apiVersion, kind, metadata }) => {
    const known = [Kinds.ServiceAccount, Kinds.Role, Kinds.RoleBinding].find((one) => one.kind === kind)
    const isOurs = metadata.labels?.[DASHBOARD_LABEL] === 'true' || isOwnedBy(metadata, isvc)
    if (known === undefined || known.apiVersion !== apiVersion || !isOurs) return []
    return [remove({ kind: known, name: metadata.name, namespace }, metadata)]
  })
}

function isOwnedBy({ ownerReferences = [] }: ObjectMeta, owner: InferenceService | undefined): boolean {
  return owner !== undefined && ownerReferences.some(({ uid }) => uid === owner.metadata.uid)
}

/** The names of a deployment's own Secrets, that of a rotation under way and those of early drafts included. */
export function secretNamesOf(name: string): string[] {
  const parsed = DeploymentName.safeParse(name)
  if (!parsed.success) return []
  const drafts = [`nvidia-nim-secrets-${name}`, `nvidia-nim-image-pull-${name}`]
  return [apiKeySecretName(parsed.data), imagePullSecretName(parsed.data), rotationSecretName(name), ...drafts]
}

/** Secrets whose fate a deletion decides: the deployment's own ones, and those that its runtime names. */
export function candidateSecrets(
  name: string,
  objects: Pick<NamespaceObjects, 'services' | 'runtimes'>,
): readonly string[] {
  const runtime = runtimeOf(name, objects)
  const keys = runtime === undefined ? [] : keyVariablesOf(runtime)
  const named = [
    ...keys.map(({ variable }) => variable.valueFrom?.secretKeyRef?.name),
    ...(runtime?.spec.imagePullSecrets ?? []).map((secret) => secret.name),
  ]
  return [...new Set([...secretNamesOf(name), ...named.filter((secret) => secret !== undefined)])]
}

/** Whether a Secret is one of those that all older deployments of a project share. */
export function isSharedSecret(name: string): boolean {
  return SHARED_SECRETS.some((shared) => shared === name)
}

function planSecret({ metadata, dataKeys }: SecretFound, { name, namespace, objects, owned }: Context): Step {
  const ref: ObjectRef = { kind: Kinds.Secret, name: metadata.name, namespace }
  const user = secretUsers(objects, owned, metadata.name)
  if (user !== undefined) return { ref, because: `${user} uses it` }
  if (secretNamesOf(name).includes(metadata.name)) return remove(ref, metadata)
  if (!isSharedSecret(metadata.name)) return { ref, because: 'it was not made for this deployment' }
  // The key of a project's Account has the shared Secret's name; only its second data key tells them apart.
  if (dataKeys.includes('api_key')) return { ref, because: "it holds the key of the project's NIM Account" }
  if (objects.unseen.length === 0) return remove(ref, metadata)
  const unseen = objects.unseen.join(', ')
  return { ref, because: `deployments share it, and whether one of the ${unseen} uses it cannot be seen` }
}

function planPVC({ name, namespace, objects, runtime, owned }: Context, deletePvc: boolean): Step[] {
  const parsed = DeploymentName.safeParse(name)
  const claim = (runtime && cacheClaimName(runtime)) ?? (parsed.success ? pvcName(parsed.data) : '')
  const found = objects.claims.find(({ metadata }) => metadata.name === claim)
  if (found === undefined) return []
  const ref: ObjectRef = { kind: Kinds.PersistentVolumeClaim, name: claim, namespace }
  const user = claimUsers(objects, owned).get(claim)
  if (user !== undefined) return [{ ref, because: `${user} uses it` }]
  if (!deletePvc) return [{ ref, because: 'it holds the weights, and a later deployment of the name uses it again' }]
  const isOurs = found.metadata.labels?.[MANAGED_LABEL] === 'true' || /^nim-pvc-.+$/.test(claim)
  return [isOurs ? remove(ref, found.metadata) : { ref, because: 'it was not made for a deployment' }]
}

function releasesOf(keeps: DeletionPlan['keeps'], { objects, isvc }: Context): Removal[] {
  const kept = keeps.filter(({ ref }) => ref.kind === Kinds.Secret).map(({ ref }) => ref)
  return kept.flatMap((ref) => {
    const found = objects.secrets.find(({ metadata }) => metadata.name === ref.name)
    return found !== undefined && isOwnedBy(found.metadata, isvc) ? [{ ref, uid: found.metadata.uid }] : []
  })
}
