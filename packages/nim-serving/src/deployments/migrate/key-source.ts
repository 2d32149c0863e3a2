import { SecretText } from '@nexus/core'
import type { CallOptions, KubeClient } from '@nexus/kube'
import { KEY_PAGE, shapeOfKey } from '../../keys/parse.ts'
import { MigrateError } from './errors.ts'
import { keyVariablesOf } from './references.ts'
import { KEY_VARIABLE, SHARED_KEY_SECRET } from './shared-secrets.ts'
import { fetchStoredKey } from './stored-key.ts'
import type { StoredKey } from './stored-key.ts'
import type { MigrationSubject } from './subject.ts'

/** Where the key of a migrated deployment comes from. */
export type KeySource =
  /** A person gave it: as text, or already parsed. */
  | { readonly from: 'person'; readonly key: SecretText }
  /** The one the deployment uses so far; it has to be a personal key. */
  | { readonly from: 'cluster' }

/** The deployment's own Secrets, as far as they exist. */
export interface OwnKeys {
  readonly apiKey: StoredKey | undefined
  readonly pull: StoredKey | undefined
}

/**
 * The key for Secrets that are missing.
 * @throws MigrateError where none was given, none is there, or the one that is there is no personal key.
 */
export async function resolveKey(
  kube: KubeClient,
  subject: MigrationSubject,
  { own, source }: { own: OwnKeys; source: KeySource | undefined },
  options?: CallOptions,
): Promise<SecretText> {
  if (source === undefined) throw keyNeeded(subject)
  if (source.from === 'person') return source.key
  const found = own.apiKey?.key ?? own.pull?.key ?? (await usedKey(kube, subject, options))
  return requirePersonal(found, subject)
}

/** The key of the Secret that the container reads, of a literal variable, else the shared one. */
async function usedKey(
  kube: KubeClient,
  { runtime, own, project: namespace }: MigrationSubject,
  options?: CallOptions,
): Promise<SecretText | undefined> {
  const [first] = keyVariablesOf(runtime)
  const reference = first?.variable.valueFrom?.secretKeyRef
  if (first?.variable.value) return new SecretText(first.variable.value)
  const isOwn = reference === undefined || reference.name === own.apiKey
  const name = isOwn ? SHARED_KEY_SECRET : reference.name
  const dataKey = isOwn ? KEY_VARIABLE : reference.key
  const stored = await fetchStoredKey(kube, { name, namespace, dataKey }, options)
  if (stored?.key !== undefined) return stored.key
  const what =
    stored === undefined
      ? `There is no Secret "${name}" in ${namespace}`
      : `Secret "${name}" in ${namespace} has no readable ${dataKey}`
  throw new MigrateError('NEXUS_MIGRATE_KEY_NOT_FOUND', `${what}, so there is no key to reuse.`, {
    hint: GIVE_A_KEY,
  })
}

const GIVE_A_KEY = `Give a personal key with --api-key-stdin; make one at ${KEY_PAGE}.`

function requirePersonal(key: SecretText | undefined, { own }: MigrationSubject): SecretText {
  if (key !== undefined && shapeOfKey(key.reveal()) === 'personal') return key
  throw new MigrateError(
    'NEXUS_MIGRATE_KEY_LEGACY',
    `The key that "${own.deployment}" uses so far is no personal key, so it cannot be reused.`,
    { hint: GIVE_A_KEY },
  )
}

function keyNeeded({ own, project }: MigrationSubject): MigrateError {
  return new MigrateError('NEXUS_MIGRATE_KEY_INPUT', `"${own.deployment}" has no Secrets of its own yet.`, {
    hint:
      'Give a personal key with --api-key-stdin, or reuse the one it has: ' +
      `nexus migrate -n ${project} -d ${own.deployment} --reuse-key`,
  })
}
