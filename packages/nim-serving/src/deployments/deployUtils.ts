import { Kinds } from '@nexus/kube'
import type { CallOptions, KubeClient, PersistentVolumeClaim } from '@nexus/kube'
import { z } from 'zod'
import { runtimeNameOf } from '../api/InferenceService.ts'
import { cacheClaimName, NIM_MARKER } from '../api/ServingRuntime.ts'
import { DeployError } from '../errors.ts'
import type { DeploymentParts, DeploymentRef, ServingObjects } from '../types.ts'
import { getOrUndefined } from './existing.ts'
import { extractAuth } from './extract.ts'
import { isNIM, notFound, notNIM } from './list.ts'
import { tokensOf } from './token-auth.ts'

export { deployNIMDeployment } from './deploy.ts'

/** The part of a wizard's state that tells a NIM: where the model comes from. `nim` is what the first wizard called it. */
const WizardState = z.looseObject({
  modelLocationData: z.looseObject({ data: z.looseObject({ type: z.enum(['nvidia-nim', 'nim']) }) }),
})
const ExistingServer = z.looseObject({
  server: z.looseObject({ metadata: z.looseObject({ annotations: z.looseObject({ [NIM_MARKER]: z.string() }) }) }),
})

/**
 * Whether a deployment wizard is about a NIM: the user chose NVIDIA NIM as the model's location, or what is edited runs on
 * a NIM's ServingRuntime.
 */
export function isNIMDeployActive(wizardState: unknown, existing?: unknown): boolean {
  return WizardState.safeParse(wizardState).success || ExistingServer.safeParse(existing).success
}

/** A deployment as it stands, for a change of it. */
export interface OpenedDeployment extends ServingObjects {
  readonly pvc: PersistentVolumeClaim | undefined
  /** Display names of the callers' tokens. */
  readonly tokens: readonly string[]
}

/**
 * Reads what a change of a deployment starts from.
 * @throws DeployError `NEXUS_DEPLOY_NOT_FOUND`, `NEXUS_DEPLOY_NOT_NIM`, `NEXUS_DEPLOY_DELETING`, or
 * `NEXUS_DEPLOY_INCOMPLETE` where its ServingRuntime is gone; KubeApiError.
 */
export async function openNIMDeployment(
  kube: KubeClient,
  ref: DeploymentRef,
  options?: CallOptions,
): Promise<OpenedDeployment> {
  const { name, project: namespace } = ref
  const { isvc, runtime } = await requireNIMDeployment(kube, ref, options)
  if (runtime === undefined) throw incomplete(ref, runtimeNameOf(isvc) ?? name)
  const claim = cacheClaimName(runtime)
  const pvcRef = { kind: Kinds.PersistentVolumeClaim, name: claim ?? '', namespace }
  const pvc = claim === undefined ? undefined : await getOrUndefined(kube, pvcRef, options)
  const tokens = extractAuth(isvc) ? await fetchTokens(kube, ref, options) : []
  return { isvc, runtime, pvc, tokens }
}

/**
 * The InferenceService of a NIM deployment that is not on its way out, and its ServingRuntime, where it has one.
 * @throws DeployError `NEXUS_DEPLOY_NOT_FOUND`, `NEXUS_DEPLOY_NOT_NIM`, `NEXUS_DEPLOY_DELETING`; KubeApiError.
 */
export async function requireNIMDeployment(
  kube: KubeClient,
  ref: DeploymentRef,
  options?: CallOptions,
): Promise<Pick<DeploymentParts, 'isvc' | 'runtime'>> {
  const { name, project: namespace } = ref
  const isvc = await getOrUndefined(kube, { kind: Kinds.InferenceService, name, namespace }, options)
  if (isvc === undefined) throw await notFound(kube, ref, options)
  const runtimeRef = { kind: Kinds.ServingRuntime, name: runtimeNameOf(isvc) ?? name, namespace }
  const runtime = await getOrUndefined(kube, runtimeRef, options)
  if (!isNIM({ isvc, runtime })) throw notNIM(name, namespace)
  if (isvc.metadata.deletionTimestamp !== undefined) throw deleting(ref)
  return { isvc, runtime }
}

/** The names of a deployment's tokens; their Secrets are dropped as soon as they have arrived. */
async function fetchTokens(
  kube: KubeClient,
  { name, project: namespace }: DeploymentRef,
  options?: CallOptions,
): Promise<string[]> {
  const fieldSelector = 'type=kubernetes.io/service-account-token'
  const { items } = await kube.list({ kind: Kinds.Secret, namespace, fieldSelector }, options)
  return tokensOf({ name }, items)
}

function deleting({ name, project }: DeploymentRef): DeployError {
  return new DeployError('NEXUS_DEPLOY_DELETING', `"${name}" in ${project} is being deleted.`, {
    hint: `See what is left: nexus list -n ${project}`,
  })
}

function incomplete({ name, project }: DeploymentRef, runtime: string): DeployError {
  return new DeployError(
    'NEXUS_DEPLOY_INCOMPLETE',
    `The ServingRuntime "${runtime}" of "${name}" in ${project} does not exist.`,
    { hint: 'Deploy again with the inputs it was made with: it adds what is missing.' },
  )
}
