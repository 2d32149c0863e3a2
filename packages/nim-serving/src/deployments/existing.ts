import { apiKeySecretName, imagePullSecretName } from '@nexus/core'
import { isForbidden, isNotFound, Kinds } from '@nexus/kube'
import type {
  CallOptions,
  InferenceService,
  KubeClient,
  KubeObject,
  ListQuery,
  Namespace,
  ObjectMeta,
  ObjectRef,
  PersistentVolumeClaim,
  ServingRuntime,
} from '@nexus/kube'
import { KEY_HINT_ANNOTATION } from '../api/metadata.ts'
import type { DeployInput } from '../types.ts'
import { tokenAuthRefs } from './token-auth.ts'

/** What we want to know of a Secret; its data is dropped as soon as it has arrived. */
export interface SecretFacts {
  readonly metadata: ObjectMeta
  /** The last four characters of its key, undefined where nobody wrote them down. */
  readonly keyHint: string | undefined
}

/** What is there already under the names of a deployment. */
export interface Existing {
  readonly namespace: Namespace | undefined
  readonly apiKeySecret: SecretFacts | undefined
  readonly pullSecret: SecretFacts | undefined
  readonly pvc: PersistentVolumeClaim | undefined
  readonly runtime: ServingRuntime | undefined
  readonly isvc: InferenceService | undefined
  /** Which objects of the token authentication are there, as `Kind/name`. */
  readonly tokenAuth: ReadonlySet<string>
}

const NOTHING: Omit<Existing, 'namespace'> = {
  apiKeySecret: undefined,
  pullSecret: undefined,
  pvc: undefined,
  runtime: undefined,
  isvc: undefined,
  tokenAuth: new Set(),
}

/** Reads what is there under the names of a deployment: one request for a missing namespace, else six. */
export async function fetchExisting(kube: KubeClient, input: DeployInput, options?: CallOptions): Promise<Existing> {
  const { name, project: namespace } = input
  const found = await getOrUndefined(kube, { kind: Kinds.Namespace, name: namespace }, options)
  if (found === undefined) return { namespace: undefined, ...NOTHING }
  const [apiKeySecret, pullSecret, pvc, runtime, isvc, tokenAuth] = await Promise.all([
    fetchSecretFacts(kube, { name: apiKeySecretName(name), namespace }, options),
    fetchSecretFacts(kube, { name: imagePullSecretName(name), namespace }, options),
    getOrUndefined(kube, { kind: Kinds.PersistentVolumeClaim, name: input.storage.pvc, namespace }, options),
    getOrUndefined(kube, { kind: Kinds.ServingRuntime, name, namespace }, options),
    getOrUndefined(kube, { kind: Kinds.InferenceService, name, namespace }, options),
    fetchTokenAuth(kube, input, options),
  ])
  return { namespace: found, apiKeySecret, pullSecret, pvc, runtime, isvc, tokenAuth }
}

/** Objects of the token authentication that are there; of the Secrets among them nothing but that is kept. */
export async function fetchTokenAuth(
  kube: KubeClient,
  input: DeployInput,
  options?: CallOptions,
): Promise<Set<string>> {
  const refs = tokenAuthRefs(input)
  const found = await Promise.all(refs.map(async (ref) => (await getOrUndefined(kube, ref, options)) !== undefined))
  return new Set(refs.filter((_, index) => found[index]).map(({ kind, name }) => `${kind.kind}/${name}`))
}

/** A Secret without its data, or undefined where it does not exist. */
export async function fetchSecretFacts(
  kube: KubeClient,
  { name, namespace }: { name: string; namespace: string },
  options?: CallOptions,
): Promise<SecretFacts | undefined> {
  const secret = await getOrUndefined(kube, { kind: Kinds.Secret, name, namespace }, options)
  if (secret === undefined) return undefined
  const { metadata } = secret
  return { metadata, keyHint: metadata.annotations?.[KEY_HINT_ANNOTATION] }
}

/** The object, or undefined where it does not exist. */
export async function getOrUndefined<T extends KubeObject>(
  kube: KubeClient,
  ref: ObjectRef<T>,
  options?: CallOptions,
): Promise<T | undefined> {
  try {
    return await kube.get(ref, options)
  } catch (cause) {
    if (isNotFound(cause)) return undefined
    throw cause
  }
}

/** The objects, or undefined where the caller has no right to list them or the server does not know the kind. */
export async function listIfAllowed<T extends KubeObject>(
  kube: KubeClient,
  query: ListQuery<T>,
  options?: CallOptions,
): Promise<readonly T[] | undefined> {
  try {
    return (await kube.list(query, options)).items
  } catch (cause) {
    if (isNotFound(cause) || isForbidden(cause)) return undefined
    throw cause
  }
}
