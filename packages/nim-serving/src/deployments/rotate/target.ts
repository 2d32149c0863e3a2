import { apiKeySecretName, DeploymentName, imagePullSecretName } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { CallOptions, InferenceService, KubeClient, Secret, ServingRuntime } from '@nexus/kube'
import { runtimeNameOf } from '../../api/InferenceService.ts'
import { servingContainer } from '../../api/ServingRuntime.ts'
import type { DeploymentRef } from '../../types.ts'
import { getOrUndefined } from '../existing.ts'
import { isNIM, notFound, notNIM } from '../list.ts'
import { RotateError } from './errors.ts'
import { versionOf } from './key-version.ts'
import { parseRotation, rotationSecretName } from './rotation.ts'
import type { KeyVersion, Rotation } from './rotation.ts'

/** A deployment whose key can be rotated. Holds keys: it is never printed, reported or stored. */
export interface RotationTarget {
  readonly isvc: InferenceService
  readonly runtime: ServingRuntime
  readonly keys: KeyVersion
  /** A rotation that has begun already. */
  readonly open: Rotation | undefined
  /** Other InferenceServices on the same ServingRuntime. */
  readonly sharers: readonly string[]
}

/**
 * Reads a deployment and its keys.
 * @throws DeployError `NEXUS_DEPLOY_NOT_FOUND` or `NEXUS_DEPLOY_NOT_NIM`; RotateError `NEXUS_ROTATE_NOT_OWN_SECRETS`; KubeApiError.
 */
export async function fetchRotationTarget(
  kube: KubeClient,
  ref: DeploymentRef,
  options?: CallOptions,
): Promise<RotationTarget> {
  const namespace = ref.project
  const name = DeploymentName.safeParse(ref.name).data
  const { items } = await kube.list({ kind: Kinds.InferenceService, namespace }, options)
  const isvc = items.find(({ metadata }) => metadata.name === ref.name)
  if (isvc === undefined || name === undefined) throw await notFound(kube, ref, options)
  const runtimeName = runtimeNameOf(isvc) ?? ref.name
  const secret = (of: string): Promise<Secret | undefined> =>
    getOrUndefined(kube, { kind: Kinds.Secret, name: of, namespace }, options)
  const [runtime, apiKey, pull, rotation] = await Promise.all([
    getOrUndefined(kube, { kind: Kinds.ServingRuntime, name: runtimeName, namespace }, options),
    secret(apiKeySecretName(name)),
    secret(imagePullSecretName(name)),
    secret(rotationSecretName(name)),
  ])
  if (!isNIM({ isvc, runtime })) throw notNIM(ref.name, namespace)
  const problem = secretProblem(name, { runtime, apiKey, pull })
  if (problem !== undefined || runtime === undefined || apiKey === undefined || pull === undefined) {
    throw notOwnSecrets(ref, problem ?? 'its objects are not complete')
  }
  return {
    isvc,
    runtime,
    keys: { apiKey: versionOf(apiKey), pull: versionOf(pull) },
    open: rotation === undefined ? undefined : parseRotation(rotation),
    sharers: items
      .filter((other) => other !== isvc && runtimeNameOf(other) === runtimeName)
      .map(({ metadata }) => metadata.name),
  }
}

interface Parts {
  readonly runtime: ServingRuntime | undefined
  readonly apiKey: Secret | undefined
  readonly pull: Secret | undefined
}

/** Why this deployment's key is not its own to rotate. */
function secretProblem(name: DeploymentName, { runtime, apiKey, pull }: Parts): string | undefined {
  if (runtime === undefined) return 'its ServingRuntime is gone'
  const used = servingContainer(runtime)?.env?.find((variable) => variable.name === 'NGC_API_KEY')
  if (used === undefined) return 'it has no key'
  const wanted = apiKeySecretName(name)
  const from = used.valueFrom?.secretKeyRef?.name
  if (from !== wanted) return `it reads its key from ${from === undefined ? 'no Secret' : `Secret ${from}`}`
  const wantedPull = imagePullSecretName(name)
  const pulls = runtime.spec.imagePullSecrets?.map((secret) => secret.name) ?? []
  if (!pulls.includes(wantedPull)) return `it pulls its image with ${pulls.join(', ') || 'no Secret'}`
  if (apiKey === undefined) return `its Secret ${wanted} is gone`
  if (pull === undefined) return `its Secret ${wantedPull} is gone`
  return undefined
}

function notOwnSecrets({ name, project }: DeploymentRef, problem: string): RotateError {
  return new RotateError('NEXUS_ROTATE_NOT_OWN_SECRETS', `The key of ${name} cannot be rotated: ${problem}.`, {
    hint: `Give it Secrets of its own first: nexus migrate -n ${project} -d ${name} --api-key-stdin`,
  })
}

/** The rotation of this id in a project, or undefined where none is open. */
export async function findRotation(
  kube: KubeClient,
  { id, project: namespace }: { id: string; project: string },
  options?: CallOptions,
): Promise<Rotation | undefined> {
  // Looked for by the label's presence: an id that is no label value is then not found, rather than refused.
  const { items } = await kube.list({ kind: Kinds.Secret, namespace, labelSelector: 'nexus.dev/key-rotation' }, options)
  return items.map(parseRotation).find((rotation) => rotation?.id === id)
}
