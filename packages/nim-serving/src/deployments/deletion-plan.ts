import { apiKeySecretName, DeploymentName, imagePullSecretName, pvcName } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type {
  InferenceService,
  ObjectMeta,
  ObjectRef,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  ServingRuntime,
} from '@nexus/kube'
import { INFERENCE_SERVICE_LABEL, runtimeNameOf } from '../api/InferenceService.ts'
import { MANAGED_LABEL } from '../api/metadata.ts'
import { cacheClaimName, isNIMServingRuntime } from '../api/ServingRuntime.ts'

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
}

/** Everything of a namespace that can be part of a deployment or use a part of one. */
export interface NamespaceObjects {
  readonly services: readonly InferenceService[]
  readonly runtimes: readonly ServingRuntime[]
  readonly pods: readonly Pod[]
  readonly claims: readonly PersistentVolumeClaim[]
  /** Those named after the deployment, without their data. */
  readonly secrets: readonly ObjectMeta[]
}

export interface DeletionOptions {
  /** Also deletes the weights. Default false. */
  readonly deletePvc?: boolean | undefined
}

/**
 * Decides what goes and what stays. Pure. Whatever something else uses stays; the PVC stays unless it is asked for, and
 * unless it is one that was made for a NIM. Works on what a crash left, too.
 */
export function planDeletion(
  name: string,
  namespace: string,
  objects: NamespaceObjects,
  { deletePvc = false }: DeletionOptions = {},
): DeletionPlan {
  const isvc = objects.services.find(({ metadata }) => metadata.name === name)
  const runtimeName = (isvc && runtimeNameOf(isvc)) ?? name
  const runtime = objects.runtimes.find((candidate) => candidate.metadata.name === runtimeName)
  const others = usesOfOthers(name, runtimeName, objects)
  const steps = [
    ...(isvc === undefined ? [] : [remove({ kind: Kinds.InferenceService, name, namespace }, isvc.metadata)]),
    ...(runtime === undefined ? [] : [planRuntime(runtime, namespace, others)]),
    ...planSecrets(name, namespace, objects, others),
    ...planPVC(name, namespace, { objects, runtime, others, deletePvc }),
  ]
  return {
    removes: steps.flatMap((step) => ('because' in step ? [] : [step])),
    keeps: steps.flatMap((step) => ('because' in step ? [step] : [])),
  }
}

type Step = Removal | { readonly ref: ObjectRef; readonly because: string }

function remove(ref: ObjectRef, { uid }: ObjectMeta): Step {
  return { ref, uid }
}

function planRuntime({ metadata, ...rest }: ServingRuntime, namespace: string, others: Uses): Step {
  const ref: ObjectRef = { kind: Kinds.ServingRuntime, name: metadata.name, namespace }
  if (!isNIMServingRuntime({ metadata, ...rest })) return { ref, because: 'it is no NIM runtime' }
  const user = others.runtimes.get(metadata.name)
  return user === undefined ? remove(ref, metadata) : { ref, because: `${user} uses it` }
}

/** The names of a deployment's Secrets. */
export function secretNamesOf(name: string): string[] {
  const parsed = DeploymentName.safeParse(name)
  return parsed.success ? [apiKeySecretName(parsed.data), imagePullSecretName(parsed.data)] : []
}

function planSecrets(name: string, namespace: string, { secrets }: NamespaceObjects, others: Uses): Step[] {
  return secretNamesOf(name).flatMap((secretName) => {
    const found = secrets.find((secret) => secret.name === secretName)
    if (found === undefined) return []
    const ref: ObjectRef = { kind: Kinds.Secret, name: secretName, namespace }
    const user = others.secrets.get(secretName)
    return [user === undefined ? remove(ref, found) : { ref, because: `${user} uses it` }]
  })
}

function planPVC(
  name: string,
  namespace: string,
  {
    objects,
    runtime,
    others,
    deletePvc,
  }: { objects: NamespaceObjects; runtime: ServingRuntime | undefined; others: Uses; deletePvc: boolean },
): Step[] {
  const parsed = DeploymentName.safeParse(name)
  const claim = (runtime && cacheClaimName(runtime)) ?? (parsed.success ? pvcName(parsed.data) : '')
  const found = objects.claims.find(({ metadata }) => metadata.name === claim)
  if (found === undefined) return []
  const ref: ObjectRef = { kind: Kinds.PersistentVolumeClaim, name: claim, namespace }
  if (!deletePvc) return [{ ref, because: 'it holds the weights, and a later deployment of the name uses it again' }]
  const user = others.claims.get(claim)
  if (user !== undefined) return [{ ref, because: `${user} uses it` }]
  const isOurs = found.metadata.labels?.[MANAGED_LABEL] === 'true' || /^nim-pvc-.+$/.test(claim)
  return [isOurs ? remove(ref, found.metadata) : { ref, because: 'it was not made for a deployment' }]
}

/** Who, besides this deployment, uses a runtime, a Secret or a PVC: name of the thing → its user. */
interface Uses {
  readonly runtimes: ReadonlyMap<string, string>
  readonly secrets: ReadonlyMap<string, string>
  readonly claims: ReadonlyMap<string, string>
}

function usesOfOthers(name: string, runtimeName: string, { services, runtimes, pods }: NamespaceObjects): Uses {
  const otherServices = services.filter(({ metadata }) => metadata.name !== name)
  const users: { user: string; spec: Partial<PodSpec> }[] = [
    ...otherServices.map(({ metadata, spec }) => ({
      user: `InferenceService ${metadata.name}`,
      spec: { ...spec.predictor, ...(spec.predictor.model && { containers: [{ name: '', ...spec.predictor.model }] }) },
    })),
    ...runtimes
      .filter(({ metadata }) => metadata.name !== runtimeName)
      .map(({ metadata, spec }) => ({ user: `ServingRuntime ${metadata.name}`, spec })),
    ...pods
      .filter(({ metadata }) => metadata.labels?.[INFERENCE_SERVICE_LABEL] !== name)
      .map(({ metadata, spec }) => ({ user: `pod ${metadata.name}`, spec })),
  ]
  return {
    runtimes: new Map(
      otherServices.flatMap((isvc) => {
        const used = runtimeNameOf(isvc)
        return used === undefined ? [] : [[used, `InferenceService ${isvc.metadata.name}`] as const]
      }),
    ),
    secrets: new Map(users.flatMap(({ user, spec }) => secretsOf(spec).map((used) => [used, user] as const))),
    claims: new Map(users.flatMap(({ user, spec }) => claimsOf(spec).map((used) => [used, user] as const))),
  }
}

function secretsOf({
  containers = [],
  initContainers = [],
  volumes = [],
  imagePullSecrets = [],
}: Partial<PodSpec>): string[] {
  const all = [...containers, ...initContainers]
  const names = [
    ...imagePullSecrets.map(({ name }) => name),
    ...volumes.map(({ secret }) => secret?.secretName),
    ...all.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name)),
    ...all.flatMap(({ envFrom = [] }) => envFrom.map(({ secretRef }) => secretRef?.name)),
  ]
  return names.filter((name) => name !== undefined)
}

function claimsOf({ volumes = [] }: Partial<PodSpec>): string[] {
  return volumes
    .map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName)
    .filter((name) => name !== undefined)
}
