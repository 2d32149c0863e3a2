import { isForbidden, isNotFound, KubeApiError, Kinds } from '@nexus/kube'
import type { CallOptions, Kind, KubeClient, KubeObject, ObjectRef } from '@nexus/kube'
import type { DeploymentRef } from '../types.ts'
import { candidateSecrets } from './deletion-plan.ts'
import type { NamespaceObjects, SecretFound } from './deletion-plan.ts'
import { getOrUndefined } from './existing.ts'
import { serviceAccountName } from './token-auth.ts'
import { OPTIONAL_USING_KINDS, USING_KINDS } from './using-kinds.ts'

/** Not everybody may list them all. */
const OTHER_KINDS: readonly Kind[] = [...USING_KINDS, ...OPTIONAL_USING_KINDS]

/**
 * Reads everything of a namespace that can be part of a deployment or use a part of one.
 * @throws KubeApiError where a kind that a deployment consists of cannot be listed.
 */
export async function fetchNamespaceObjects(
  kube: KubeClient,
  { name, project: namespace }: DeploymentRef,
  options: CallOptions,
): Promise<NamespaceObjects> {
  const [services, runtimes, pods, claims, access, ...using] = await Promise.all([
    kube.list({ kind: Kinds.InferenceService, namespace }, options),
    kube.list({ kind: Kinds.ServingRuntime, namespace }, options),
    kube.list({ kind: Kinds.Pod, namespace }, options),
    kube.list({ kind: Kinds.PersistentVolumeClaim, namespace }, options),
    fetchAccess(kube, { name, project: namespace }, options),
    ...OTHER_KINDS.map((kind) => listUsing(kube, kind, namespace, options)),
  ])
  const found = { services: services.items, runtimes: runtimes.items }
  const secrets = await Promise.all(
    candidateSecrets(name, found).map((secret) => fetchSecret(kube, secret, namespace, options)),
  )
  return {
    ...found,
    pods: pods.items,
    claims: claims.items,
    access,
    secrets: secrets.filter((secret) => secret !== undefined),
    others: using.flatMap((list) => (list instanceof KubeApiError ? [] : list)),
    unseen: OTHER_KINDS.filter((_, index) => using[index] instanceof KubeApiError).map(({ plural }) => plural),
  }
}

/** Objects of a kind; none where the cluster does not know the kind, the error where they cannot be seen. */
async function listUsing(
  kube: KubeClient,
  kind: Kind,
  namespace: string,
  options: CallOptions,
): Promise<KubeObject[] | KubeApiError> {
  try {
    return (await kube.list({ kind, namespace }, options)).items
  } catch (cause) {
    if (isNotFound(cause)) return []
    if (cause instanceof KubeApiError) return cause
    throw cause
  }
}

/** By which callers prove that they may use the deployment. Whoever may not read them leaves them to the collector. */
async function fetchAccess(
  kube: KubeClient,
  { name, project: namespace }: DeploymentRef,
  options: CallOptions,
): Promise<KubeObject[]> {
  const refs: ObjectRef[] = [
    { kind: Kinds.RoleBinding, name: `${name}-view`, namespace },
    { kind: Kinds.Role, name: `${name}-view-role`, namespace },
    { kind: Kinds.ServiceAccount, name: serviceAccountName({ name }), namespace },
  ]
  const found = await Promise.all(
    refs.map((ref) =>
      getOrUndefined(kube, ref, options).catch((cause: unknown) => {
        if (isForbidden(cause)) return undefined
        throw cause
      }),
    ),
  )
  return found.filter((object) => object !== undefined)
}

/** A Secret as far as a deletion looks at it: its data is dropped as soon as it has arrived. */
async function fetchSecret(
  kube: KubeClient,
  name: string,
  namespace: string,
  options: CallOptions,
): Promise<SecretFound | undefined> {
  const secret = await getOrUndefined(kube, { kind: Kinds.Secret, name, namespace }, options)
  return secret && { metadata: secret.metadata, dataKeys: Object.keys(secret.data ?? {}) }
}
