import { Kinds, ownerReferenceTo } from '@nexus/kube'
import type { InferenceService, KubeObject, ObjectMeta, ObjectRef, Role, RoleBinding, Secret } from '@nexus/kube'
import { DASHBOARD_LABEL, DISPLAY_NAME_ANNOTATION } from '../api/metadata.ts'
import type { DeployInput } from '../types.ts'
import { asObjectName } from './request-fields.ts'

/** Says whose token a Secret holds. Kubernetes fills it in and takes the Secret away with the ServiceAccount. */
export const SERVICE_ACCOUNT_ANNOTATION = 'kubernetes.io/service-account.name'

type TokenAuthInput = Pick<DeployInput, 'name' | 'project' | 'auth' | 'tokens'>

/**
 * The objects by which callers prove that they may use a deployment: a ServiceAccount that may read the InferenceService,
 * and a token of it for each caller. Empty where there is no token: authentication may be on without one, where callers
 * have accounts of their own. They become the InferenceService's by `ownedBy` when it has a uid. Pure.
 */
export function assembleTokenAuth(input: TokenAuthInput): KubeObject[] {
  if (!hasTokens(input)) return []
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadataOf(serviceAccountName(input), input) },
    viewRole(input),
    viewBinding(input),
    ...input.tokens.map((token) => tokenSecret(token, input)),
  ]
}

/** An object that goes when the InferenceService goes. */
export function ownedBy<T extends KubeObject>(object: T, owner: InferenceService): T {
  return { ...object, metadata: { ...object.metadata, ownerReferences: [ownerReferenceTo(owner)] } }
}

/** References of the same objects, in the same order. */
export function tokenAuthRefs(input: TokenAuthInput): ObjectRef[] {
  if (!hasTokens(input)) return []
  const { name, project: namespace } = input
  return [
    { kind: Kinds.ServiceAccount, name: serviceAccountName(input), namespace },
    { kind: Kinds.Role, name: `${name}-view-role`, namespace },
    { kind: Kinds.RoleBinding, name: `${name}-view`, namespace },
    ...input.tokens.map((token) => ({ kind: Kinds.Secret, name: tokenSecretName(token, input), namespace })),
  ]
}

export function serviceAccountName({ name }: Pick<DeployInput, 'name'>): string {
  return `${name}-sa`
}

/** A token's Secret: its name as an object's name may be written, so that `My App` becomes `my-app-llama-sa`. */
export function tokenSecretName(token: string, input: Pick<DeployInput, 'name'>): string {
  return `${asObjectName(token)}-${serviceAccountName(input)}`
}

/** The display names of the tokens of a deployment among the Secrets of its project. */
export function tokensOf(input: Pick<DeployInput, 'name'>, secrets: readonly Pick<Secret, 'metadata'>[]): string[] {
  return secrets
    .filter(({ metadata }) => metadata.annotations?.[SERVICE_ACCOUNT_ANNOTATION] === serviceAccountName(input))
    .map(({ metadata }) => metadata.annotations?.[DISPLAY_NAME_ANNOTATION] ?? metadata.name)
    .sort()
}

function hasTokens({ auth, tokens }: TokenAuthInput): boolean {
  return auth && tokens.length > 0
}

function viewRole(input: TokenAuthInput): Role {
  return {
    apiVersion: Kinds.Role.apiVersion,
    kind: Kinds.Role.kind,
    metadata: metadataOf(`${input.name}-view-role`, input),
    rules: [
      {
        verbs: ['get'],
        apiGroups: ['serving.kserve.io'],
        resources: ['inferenceservices'],
        resourceNames: [input.name],
      },
    ],
  }
}

function viewBinding(input: TokenAuthInput): RoleBinding {
  return {
    apiVersion: Kinds.RoleBinding.apiVersion,
    kind: Kinds.RoleBinding.kind,
    metadata: metadataOf(`${input.name}-view`, input),
    subjects: [{ kind: 'ServiceAccount', name: serviceAccountName(input), namespace: input.project }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: `${input.name}-view-role` },
  }
}

function tokenSecret(token: string, input: TokenAuthInput): Secret {
  const metadata = metadataOf(tokenSecretName(token, input), input)
  const annotations = { [SERVICE_ACCOUNT_ANNOTATION]: serviceAccountName(input), [DISPLAY_NAME_ANNOTATION]: token }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...metadata, annotations },
    type: 'kubernetes.io/service-account-token',
  }
}

function metadataOf(name: string, { project }: TokenAuthInput): ObjectMeta {
  return {
    name,
    namespace: project,
    labels: { [DASHBOARD_LABEL]: 'true' },
  }
}
