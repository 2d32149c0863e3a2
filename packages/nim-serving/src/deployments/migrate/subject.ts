import { apiKeySecretName, DeploymentName, imagePullSecretName, nearest, predictorName } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { CallOptions, InferenceService, KubeClient, ServingRuntime } from '@nexus/kube'
import { runtimeNameOf } from '../../api/InferenceService.ts'
import { isNIMServingRuntime } from '../../api/ServingRuntime.ts'
import type { DeploymentRef } from '../../types.ts'
import { MigrateError } from './errors.ts'
import { keyVariablesOf } from './references.ts'
import type { OwnSecrets } from './references.ts'
import { SHARED_PULL_SECRET } from './shared-secrets.ts'

/** A ServingRuntime that is moved, and all that runs on it. */
export interface MigrationSubject {
  readonly project: string
  readonly runtime: ServingRuntime
  /** Every InferenceService that names the runtime: several may, and its name need not be theirs. */
  readonly services: readonly InferenceService[]
  readonly own: OwnSecrets
}

/** The ServingRuntimes and InferenceServices of a namespace. */
export interface ServingObjects {
  readonly runtimes: readonly ServingRuntime[]
  readonly services: readonly InferenceService[]
}

export async function fetchServingObjects(
  kube: KubeClient,
  namespace: string,
  options?: CallOptions,
): Promise<ServingObjects> {
  const [runtimes, services] = await Promise.all([
    kube.list({ kind: Kinds.ServingRuntime, namespace }, options),
    kube.list({ kind: Kinds.InferenceService, namespace }, options),
  ])
  return { runtimes: runtimes.items, services: services.items }
}

/**
 * The ServingRuntime that `name` means: its own name, or that of an InferenceService on it. Pure.
 * @throws MigrateError where there is none, it is being deleted, or it takes no key.
 */
export function findSubject(objects: ServingObjects, { name, project }: DeploymentRef): MigrationSubject {
  const { runtimes, services } = objects
  const service = services.find(({ metadata }) => metadata.name === name)
  const runtimeName = (service && runtimeNameOf(service)) ?? name
  const runtime = runtimes.find(({ metadata }) => metadata.name === runtimeName)
  if (runtime === undefined) throw notFound(objects, { name, project }, runtimeName)
  const subject = subjectOf(runtime, services, project)
  const going = [runtime, ...subject.services].find(({ metadata }) => metadata.deletionTimestamp !== undefined)
  if (going !== undefined) {
    throw new MigrateError('NEXUS_MIGRATE_DELETING', `${going.kind} "${going.metadata.name}" is being deleted.`, {
      hint: `Nothing has to be migrated then. See what is left: nexus migrate -n ${project} --plan`,
    })
  }
  if (keyVariablesOf(runtime).length > 0) return subject
  throw new MigrateError(
    'NEXUS_MIGRATE_NO_KEY_VARIABLE',
    `No container of ServingRuntime "${runtimeName}" has the variable NGC_API_KEY, so there is no key to move.`,
    { hint: `Look at it: kubectl get servingruntime ${runtimeName} -n ${project} -o yaml` },
  )
}

/** Whether a ServingRuntime is one of those that a migration is about. */
export function isMigratable(runtime: ServingRuntime): boolean {
  const pulls = runtime.spec.imagePullSecrets ?? []
  const isNIM = isNIMServingRuntime(runtime) || pulls.some(({ name }) => name === SHARED_PULL_SECRET)
  return isNIM && keyVariablesOf(runtime).length > 0
}

/** A runtime with what runs on it, and the names its Secrets get. */
export function subjectOf(
  runtime: ServingRuntime,
  services: readonly InferenceService[],
  project: string,
): MigrationSubject {
  const users = services.filter((isvc) => runtimeNameOf(isvc) === runtime.metadata.name)
  return { project, runtime, services: users, own: ownSecretsOf(runtime, users) }
}

/**
 * A deployment is called like its InferenceService; one runtime of several InferenceServices, or of none, lends them its
 * own name.
 */
function ownSecretsOf({ metadata }: ServingRuntime, users: readonly InferenceService[]): OwnSecrets {
  const [first] = users
  const deployment = users.length === 1 && first !== undefined ? first.metadata.name : metadata.name
  const parsed = DeploymentName.safeParse(deployment)
  if (parsed.success) {
    return { deployment, apiKey: apiKeySecretName(parsed.data), pull: imagePullSecretName(parsed.data) }
  }
  const problems = parsed.error.issues.map(({ message }) => message).join('\n')
  throw new MigrateError('NEXUS_MIGRATE_INPUT', `"${deployment}" cannot have Secrets of its own:\n${problems}`, {
    hint: 'Deploy the model under another name, then delete this deployment.',
  })
}

function notFound({ runtimes, services }: ServingObjects, ref: DeploymentRef, runtimeName: string): MigrateError {
  const names = new Set([...runtimes, ...services].map(({ metadata }) => metadata.name))
  const similar = nearest(ref.name, [...names])
  const plan = `nexus migrate -n ${ref.project} --plan`
  const what =
    runtimeName === ref.name
      ? `There is no deployment "${ref.name}" in ${ref.project}.`
      : `InferenceService "${ref.name}" in ${ref.project} runs on ServingRuntime "${runtimeName}", which does not exist.`
  return new MigrateError('NEXUS_MIGRATE_NOT_FOUND', what, {
    hint: similar.length === 0 ? `See what there is: ${plan}` : `Did you mean ${similar.join(', ')}? See all: ${plan}`,
  })
}

/** The Deployment that KServe makes of an InferenceService; its name is that of the InferenceService, not of the runtime. */
export function predictorRef(isvc: InferenceService): {
  kind: typeof Kinds.Deployment
  name: string
  namespace: string
} {
  return {
    kind: Kinds.Deployment,
    name: predictorName(isvc.metadata.name),
    namespace: isvc.metadata.namespace ?? '',
  }
}

/** Whether the InferenceService itself, not its runtime, gives the container a key. */
export function setsOwnKey({ spec }: InferenceService): boolean {
  return (spec.predictor.model?.env ?? []).some(({ name }) => name === 'NGC_API_KEY')
}
