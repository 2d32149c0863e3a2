import { messageOf } from '@nexus/core'
import { isConflict, isNotFound, Kinds } from '@nexus/kube'
import type { CallOptions, Kind, KubeClient, KubeObject } from '@nexus/kube'
import { fetchSecretFacts } from '../existing.ts'
import type { SecretFacts } from '../existing.ts'
import { OPTIONAL_USING_KINDS, USING_KINDS } from '../using-kinds.ts'
import { MigrateError } from './errors.ts'
import type { MigrateReport } from './progress.ts'
import { SHARED_SECRETS } from './shared-secrets.ts'
import { usersOf } from './usage.ts'
import type { SecretUser } from './usage.ts'

export interface SharedSecretsDeps {
  readonly kube: KubeClient
  readonly report?: MigrateReport | undefined
  readonly signal?: AbortSignal | undefined
}

/** The shared Secrets of a namespace that exist, and that nothing uses. */
export interface SharedSecretsPlan {
  readonly project: string
  /** Without their data. */
  readonly secrets: readonly SecretFacts[]
}

/** Kinds that may name a Secret and that have to be listed. */
const REQUIRED_KINDS: readonly Kind[] = [Kinds.ServingRuntime, Kinds.InferenceService, Kinds.Pod, ...USING_KINDS]

/**
 * What a removal of the shared Secrets would remove.
 * @throws MigrateError where something uses them (`NEXUS_MIGRATE_SHARED_SECRETS_IN_USE`, naming all of it), or where that
 * cannot be read (`NEXUS_MIGRATE_USERS_UNREADABLE`): what cannot be seen may use them.
 */
export async function planSharedSecretsRemoval(
  kube: KubeClient,
  project: string,
  options?: CallOptions,
): Promise<SharedSecretsPlan> {
  const users = usersOf(await fetchSecretUsers(kube, project, options), SHARED_SECRETS)
  if (users.length > 0) throw inUse(users, project)
  const secrets = await Promise.all(
    SHARED_SECRETS.map((name) => fetchSecretFacts(kube, { name, namespace: project }, options)),
  )
  return { project, secrets: secrets.filter((secret) => secret !== undefined) }
}

/**
 * Removes the Secrets that older deployments of a namespace shared, once nothing uses them. One that is gone already is
 * passed over.
 * @returns the names of those that were removed.
 * @throws as `planSharedSecretsRemoval`; KubeApiError where a deletion is refused.
 */
export async function removeSharedSecrets(
  project: string,
  { kube, report, signal }: SharedSecretsDeps,
): Promise<string[]> {
  const { secrets } = await planSharedSecretsRemoval(kube, project, { signal })
  const removed: string[] = []
  for (const { metadata } of secrets) {
    const { name, uid } = metadata
    const preconditions = uid === undefined ? {} : { preconditions: { uid } }
    try {
      await kube.delete({ kind: Kinds.Secret, name, namespace: project }, { signal, ...preconditions })
    } catch (cause) {
      // Gone already; or another Secret has its name now, about which nothing was asked.
      if (isNotFound(cause) || isConflict(cause)) continue
      throw cause
    }
    removed.push(name)
    report?.({ type: 'secret-removed', secret: name })
  }
  return removed
}

/** The objects of a namespace that may name a Secret. @throws MigrateError where one kind cannot be listed. */
export async function fetchSecretUsers(
  kube: KubeClient,
  namespace: string,
  options?: CallOptions,
): Promise<KubeObject[]> {
  const required = REQUIRED_KINDS.map((kind) => listAll(kube, kind, namespace, options))
  const optional = OPTIONAL_USING_KINDS.map((kind) =>
    listAll(kube, kind, namespace, options).catch((cause: unknown): KubeObject[] => {
      if (cause instanceof MigrateError && isNotFound(cause.cause)) return []
      throw cause
    }),
  )
  return (await Promise.all([...required, ...optional])).flat()
}

async function listAll(kube: KubeClient, kind: Kind, namespace: string, options?: CallOptions): Promise<KubeObject[]> {
  try {
    const { items } = await kube.list({ kind, namespace }, options)
    // Objects of a list carry no kind of their own on every server.
    return items.map((item) => ({ ...item, kind: kind.kind }))
  } catch (cause) {
    options?.signal?.throwIfAborted()
    throw new MigrateError(
      'NEXUS_MIGRATE_USERS_UNREADABLE',
      `Whether a ${kind.kind} uses the shared Secrets of ${namespace} cannot be read: ${messageOf(cause)}`,
      { hint: `Nothing was removed. Ask for the right to list ${kind.plural}, or try again.`, cause },
    )
  }
}

function inUse(users: readonly SecretUser[], project: string): MigrateError {
  const lines = users.map(({ kind, name, secret, path }) => `  ${kind} ${name} uses ${secret} (${path})`)
  return new MigrateError(
    'NEXUS_MIGRATE_SHARED_SECRETS_IN_USE',
    `The shared Secrets of ${project} are still used:\n${[...new Set(lines)].join('\n')}`,
    { hint: `Nothing was removed. See which deployments are left to migrate: nexus migrate -n ${project} --plan` },
  )
}
