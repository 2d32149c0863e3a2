import type { CallOptions, Deployment, InferenceService, JsonPatchOperation, KubeClient } from '@nexus/kube'
import { getOrUndefined } from '../existing.ts'
import { fetchRolloutFacts } from '../rollout-facts.ts'
import { planRollout } from '../rollout.ts'
import type { RolloutPlan } from '../rollout.ts'
import type { OwnKeys } from './key-source.ts'
import { missingOwners } from './own-secrets.ts'
import type { Adoption } from './own-secrets.ts'
import { migrationPatch } from './patch.ts'
import { hasRolled, usesOwnSecrets } from './rollout-wait.ts'
import type { RollOutResult } from './rollout-wait.ts'
import { KEY_VARIABLE, SHARED_PULL_SECRET, SHARED_SECRETS } from './shared-secrets.ts'
import { fetchStoredKey } from './stored-key.ts'
import type { StoredKey } from './stored-key.ts'
import { predictorRef } from './subject.ts'
import type { MigrationSubject } from './subject.ts'
import { placesOf } from './usage.ts'

/** What a migration is decided from. */
export interface MigrationFacts {
  readonly subject: MigrationSubject
  readonly keys: OwnKeys
  readonly sharedPull: StoredKey | undefined
  readonly running: readonly RunningService[]
}

/** An InferenceService with its Deployment and, where pods will be replaced, what that will cost. */
interface RunningService {
  readonly service: InferenceService
  readonly deployment: Deployment | undefined
  readonly rollout: RolloutPlan | undefined
}

/** What a migration will do. Holds no key. */
export interface MigrationPlan {
  readonly subject: MigrationSubject
  /** Names of the Secrets to create. */
  readonly secrets: readonly string[]
  /** Secrets that are there and get an owner. */
  readonly adoptions: readonly Adoption[]
  /** The change of the ServingRuntime; empty where its references have moved. */
  readonly patch: readonly JsonPatchOperation[]
  readonly rollouts: readonly PlannedRollout[]
  /** Uses of the shared Secrets by the InferenceServices themselves, which a migration does not touch. */
  readonly leftAlone: readonly { readonly user: string; readonly secret: string }[]
  /** Nothing is to be done. */
  readonly isDone: boolean
}

export interface PlannedRollout {
  readonly service: InferenceService
  /** `rolled`: pods will be replaced. */
  readonly pods: RollOutResult
  /** What replacing them will cost; undefined where none is replaced. */
  readonly plan: RolloutPlan | undefined
}

/** Reads what a migration is decided from; of Secrets the deployment's own and the shared ones, never others. */
export async function fetchMigrationFacts(
  kube: KubeClient,
  subject: MigrationSubject,
  options?: CallOptions,
): Promise<MigrationFacts> {
  const { own, project: namespace } = subject
  const stored = (name: string): Promise<StoredKey | undefined> =>
    fetchStoredKey(kube, { name, namespace, dataKey: KEY_VARIABLE }, options)
  const [apiKey, pull, sharedPull, ...running] = await Promise.all([
    stored(own.apiKey),
    stored(own.pull),
    stored(SHARED_PULL_SECRET),
    ...subject.services.map((service) => fetchRunning(kube, service, subject, options)),
  ])
  return { subject, keys: { apiKey, pull }, sharedPull, running }
}

async function fetchRunning(
  kube: KubeClient,
  service: InferenceService,
  { own, project }: MigrationSubject,
  options?: CallOptions,
): Promise<RunningService> {
  const deployment = await getOrUndefined(kube, predictorRef(service), options)
  if (deployment === undefined || usesOwnSecrets(deployment, service, own)) {
    return { service, deployment, rollout: undefined }
  }
  const facts = await fetchRolloutFacts(kube, { name: service.metadata.name, project }, options)
  return { service, deployment, rollout: planRollout(facts) }
}

/** Decides what is left to do. Pure. */
export function planMigration({ subject, keys, running }: MigrationFacts): MigrationPlan {
  const { own, runtime, services } = subject
  const secrets = [...(keys.apiKey === undefined ? [own.apiKey] : []), ...(keys.pull === undefined ? [own.pull] : [])]
  const patch = migrationPatch(runtime, own)
  const adoptions = missingOwners(subject, keys)
  const rollouts = running.map((one) => plannedRollout(one, subject))
  const settled = rollouts.every(({ pods }) => pods !== 'rolled')
  return {
    subject,
    secrets,
    adoptions,
    patch,
    rollouts,
    leftAlone: services.flatMap((isvc) =>
      placesOf(isvc.spec, SHARED_SECRETS).map(({ secret }) => ({
        user: `InferenceService ${isvc.metadata.name}`,
        secret,
      })),
    ),
    isDone: secrets.length + adoptions.length + patch.length === 0 && settled,
  }
}

function plannedRollout({ service, deployment, rollout }: RunningService, { own }: MigrationSubject): PlannedRollout {
  if (deployment === undefined) return { service, pods: 'not-running', plan: undefined }
  if (hasRolled(deployment, service, own)) return { service, pods: 'current', plan: undefined }
  return { service, pods: 'rolled', plan: rollout }
}
