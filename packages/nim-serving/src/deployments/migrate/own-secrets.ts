import type { SecretText } from '@nexus/core'
import { DeploymentName, ProjectName } from '@nexus/core'
import { ownerReferenceTo } from '@nexus/kube'
import type { InferenceService, ObjectMeta, Secret } from '@nexus/kube'
import type { KeyInput } from '../../types.ts'
import { assembleNIMSecrets } from '../secrets.ts'
import { MigrateError } from './errors.ts'
import type { OwnKeys } from './key-source.ts'
import { NVIDIA_REGISTRY, withRegistries } from './stored-key.ts'
import type { StoredKey } from './stored-key.ts'
import type { MigrationSubject } from './subject.ts'

/** Refuses a key that an existing Secret of the deployment does not hold: which of the two is right only a person knows. */
export function refuseOtherKeys(subject: MigrationSubject, own: OwnKeys, given: SecretText | undefined): void {
  const { deployment } = subject.own
  for (const stored of [own.apiKey, own.pull]) {
    if (
      stored === undefined ||
      (stored.key !== undefined && (given?.reveal() ?? stored.key.reveal()) === stored.key.reveal())
    )
      continue
    const { name } = stored.metadata
    const what = stored.key === undefined ? 'holds no NVIDIA key' : 'holds another key than the given one'
    throw new MigrateError('NEXUS_MIGRATE_KEY_DIFFERS', `Secret "${name}" of "${deployment}" exists and ${what}.`, {
      hint:
        stored.key === undefined
          ? `Remove it and run the command again: kubectl delete secret ${name} -n ${subject.project}`
          : 'Migrate with the key that is there (--reuse-key), then change it: ' +
            `nexus rotate-key ${deployment} -n ${subject.project} --api-key-stdin`,
    })
  }
}

/** The Secrets that are missing, owned by the InferenceServices, so that they go when those go. Pure. */
export function assembleMissingSecrets(
  { own, project, services }: MigrationSubject,
  keys: OwnKeys,
  { key, shared }: { key: KeyInput; shared: StoredKey | undefined },
): Secret[] {
  const input = {
    name: DeploymentName.parse(own.deployment),
    project: ProjectName.parse(project),
    registry: NVIDIA_REGISTRY,
  }
  const { apiKeySecret, pullSecret } = assembleNIMSecrets(input, key)
  return [
    ...(keys.apiKey === undefined ? [apiKeySecret] : []),
    ...(keys.pull === undefined ? [withOtherRegistries(pullSecret, shared)] : []),
  ].map((secret) => withOwners(secret, services))
}

function withOwners(secret: Secret, services: readonly InferenceService[]): Secret {
  if (services.length === 0) return secret
  return {
    ...secret,
    metadata: { ...secret.metadata, ownerReferences: services.map((isvc) => ownerReferenceTo(isvc)) },
  }
}

/** Logins of a mirror stand in the shared pull Secret beside NVIDIA's: without them the next pull would fail. */
function withOtherRegistries(secret: Secret, shared: StoredKey | undefined): Secret {
  const others = shared?.otherRegistries ?? {}
  if (Object.keys(others).length === 0) return secret
  const merged = withRegistries(atob(secret.data?.['.dockerconfigjson'] ?? ''), others)
  return { ...secret, data: { '.dockerconfigjson': btoa(merged) } }
}

/** A Secret that is there and which one of the InferenceServices does not own yet. */
export interface Adoption {
  readonly secret: ObjectMeta
  readonly owners: readonly InferenceService[]
}

/** The owners that are missing on existing Secrets. Pure. */
export function missingOwners({ services }: MigrationSubject, { apiKey, pull }: OwnKeys): Adoption[] {
  return [apiKey, pull]
    .filter((stored) => stored !== undefined)
    .map(({ metadata }) => ({ secret: metadata, owners: services.filter((isvc) => !isOwnedBy(metadata, isvc)) }))
    .filter(({ owners }) => owners.length > 0)
}

function isOwnedBy({ ownerReferences = [] }: ObjectMeta, { metadata }: InferenceService): boolean {
  return ownerReferences.some(({ uid }) => uid === metadata.uid)
}
