import { isNotFound, Kinds } from '@nexus/kube'
import type {
  CallOptions,
  CustomResourceDefinition,
  KubeClient,
  KubeObject,
  ListQuery,
  Role,
  RoleBinding,
} from '@nexus/kube'
import { fetchSecretUsers } from '../deployments/migrate/cleanup.ts'
import { usersOf } from '../deployments/migrate/usage.ts'
import type { SecretUser } from '../deployments/migrate/usage.ts'
import { getOrUndefined } from '../deployments/existing.ts'
import { ACCOUNT_DEFINITION, LegacyKinds } from './kinds.ts'
import type { Account, DataScienceCluster, OdhDashboardConfig, ValidatingWebhookConfiguration } from './kinds.ts'
import { generatedNames, LEFTOVERS, secretNamesOf } from './names.ts'

/** What is left of older platforms. Of Secrets and ConfigMaps the metadata alone. */
export interface LegacyFacts {
  readonly accounts: readonly Account[]
  readonly webhooks: readonly ValidatingWebhookConfiguration[]
  /** ConfigMaps, Templates and Secrets under the names that Accounts and older platforms gave. */
  readonly generated: readonly KubeObject[]
  /** Who uses a Secret of these names, by namespace. */
  readonly secretUsers: ReadonlyMap<string, readonly SecretUser[]>
  readonly definition: CustomResourceDefinition | undefined
  readonly clusterRoles: readonly Role[]
  readonly roles: readonly Role[]
  readonly roleBindings: readonly RoleBinding[]
  readonly dashboardConfigs: readonly OdhDashboardConfig[]
  readonly dataScienceClusters: readonly DataScienceCluster[]
}

/**
 * Reads what is left of older platforms, in all namespaces. Kinds that the cluster does not know have left nothing.
 * @throws KubeApiError; MigrateError where who uses a Secret cannot be read.
 */
export async function fetchLegacyFacts(kube: KubeClient, options?: CallOptions): Promise<LegacyFacts> {
  const list = <T extends KubeObject>(query: ListQuery<T>): Promise<readonly T[]> => listKnown(kube, query, options)
  const [accounts, webhooks, definition, clusterRoles, roles, roleBindings, dashboardConfigs, dataScienceClusters] =
    await Promise.all([
      list({ kind: LegacyKinds.Account }),
      list({ kind: LegacyKinds.ValidatingWebhookConfiguration }),
      getOrUndefined(kube, { kind: Kinds.CustomResourceDefinition, name: ACCOUNT_DEFINITION }, options),
      list({ kind: Kinds.ClusterRole }),
      list({ kind: Kinds.Role }),
      list({ kind: Kinds.RoleBinding }),
      list({ kind: LegacyKinds.OdhDashboardConfig }),
      list({ kind: LegacyKinds.DataScienceCluster }),
    ])
  const generated = await fetchGenerated(kube, accounts, options)
  return {
    accounts,
    webhooks,
    generated,
    secretUsers: await fetchUsers(kube, generated, options),
    definition,
    clusterRoles,
    roles,
    roleBindings,
    dashboardConfigs,
    dataScienceClusters,
  }
}

async function fetchGenerated(
  kube: KubeClient,
  accounts: readonly Account[],
  options?: CallOptions,
): Promise<KubeObject[]> {
  const wanted = [...accounts.flatMap(generatedNames), ...LEFTOVERS]
  const found = await Promise.all(
    wanted.map(({ kind, name, namespace }) =>
      listKnown(kube, { kind, namespace, fieldSelector: `metadata.name=${name}` }, options).then((items) =>
        // The data is dropped here: keys of people, lists of models.
        items.map(({ metadata }): KubeObject => ({ apiVersion: kind.apiVersion, kind: kind.kind, metadata })),
      ),
    ),
  )
  const byPlace = new Map(found.flat().map((object) => [placeOf(object), object]))
  return [...byPlace.values()]
}

/** Kind, namespace and name as one text. */
export function placeOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`
}

async function fetchUsers(
  kube: KubeClient,
  generated: readonly KubeObject[],
  options?: CallOptions,
): Promise<Map<string, SecretUser[]>> {
  const secrets = generated.filter(({ kind }) => kind === 'Secret')
  const namespaces = [...new Set(secrets.map(({ metadata }) => metadata.namespace ?? ''))]
  const users = await Promise.all(
    namespaces.map(async (namespace) => {
      const names = secretNamesOf(secrets, namespace)
      const found = usersOf(await fetchSecretUsers(kube, namespace, options), names)
      // An Account is what goes.
      return [namespace, found.filter(({ kind }) => kind !== 'Account')] as const
    }),
  )
  return new Map(users)
}

async function listKnown<T extends KubeObject>(
  kube: KubeClient,
  query: ListQuery<T>,
  options?: CallOptions,
): Promise<readonly T[]> {
  try {
    return (await kube.list(query, options)).items
  } catch (cause) {
    if (isNotFound(cause)) return []
    throw cause
  }
}
