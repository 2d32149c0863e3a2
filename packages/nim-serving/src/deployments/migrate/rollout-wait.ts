import { Kinds } from '@nexus/kube'
import type { Deployment, InferenceService, KubeClient, Patch } from '@nexus/kube'
import { isStopped } from '../../api/InferenceService.ts'
import { getOrUndefined } from '../existing.ts'
import { isRolledOut } from '../rolled-out.ts'
import type { DeploymentState } from '../state.ts'
import { watchNIMDeployment } from '../watch.ts'
import { MigrateError } from './errors.ts'
import type { MigrateReport } from './progress.ts'
import { podsUseOwnSecrets } from './references.ts'
import type { OwnSecrets } from './references.ts'
import { predictorRef, setsOwnKey } from './subject.ts'

/** How long KServe gets to change a Deployment by itself. It does so since v0.16, within a second or two. */
const ADOPTION_MS = 20_000

/** How long new pods get to be ready: a model may have to be downloaded first. */
export const READY_TIMEOUT_MS = 60 * 60_000

/** What `kubectl rollout restart` writes. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt'

export interface RollOutDeps {
  readonly kube: KubeClient
  readonly own: OwnSecrets
  /** Whether all was as wanted before this call wrote anything. */
  readonly wasCurrent: boolean
  readonly report: MigrateReport
  readonly signal: AbortSignal | undefined
  /** Default 20 s. */
  readonly adoptionMs?: number | undefined
  /** Default an hour. */
  readonly readyTimeoutMs?: number | undefined
}

/** `not-running`: no Deployment. `current`: its pods use the deployment's own Secrets already. */
export type RollOutResult = 'not-running' | 'current' | 'rolled'

/** Whether a Deployment's pods, all of them, use the deployment's own Secrets. */
export function hasRolled(deployment: Deployment, isvc: InferenceService, own: OwnSecrets): boolean {
  return usesOwnSecrets(deployment, isvc, own) && isRolledOut(deployment)
}

/**
 * Waits until all pods of an InferenceService use the deployment's own Secrets, and restarts them only where KServe does
 * not do so by itself: since v0.16 it follows a changed ServingRuntime, and a restart on top would replace the pods twice.
 * @throws MigrateError `NEXUS_MIGRATE_NOT_READY` with the reason; what `signal` aborts with.
 */
export async function rollOut(isvc: InferenceService, deps: RollOutDeps): Promise<RollOutResult> {
  const { kube, own, wasCurrent, report, signal } = deps
  const { name } = isvc.metadata
  const found = await getOrUndefined(kube, predictorRef(isvc), { signal })
  if (found === undefined) {
    report({ type: 'not-running', service: name, because: whyNotRunning(isvc) })
    return 'not-running'
  }
  if (wasCurrent && hasRolled(found, isvc, own)) return 'current'
  const by = await takeOver(isvc, found, deps)
  report({ type: 'rolling', service: name, by })
  if ((await followToEnd(isvc, deps)) === 'gone') {
    report({ type: 'not-running', service: name, because: 'its Deployment went away meanwhile' })
    return 'not-running'
  }
  report({ type: 'rolled', service: name })
  return 'rolled'
}

/** Why no Deployment runs an InferenceService. */
export function whyNotRunning(isvc: InferenceService): string {
  return isStopped(isvc) ? 'it is stopped' : 'the cluster has no Deployment for it'
}

async function takeOver(
  isvc: InferenceService,
  found: Deployment,
  deps: RollOutDeps,
): Promise<'controller' | 'restart'> {
  const { kube, own, signal } = deps
  if (usesOwnSecrets(found, isvc, own) || (await waitForAdoption(isvc, deps))) return 'controller'
  await kube.patch(predictorRef(isvc), restartPatch(found), { signal })
  // The restart by itself brings back pods of the old template; what counts is that KServe looks at it anew.
  if (await waitForAdoption(isvc, deps)) return 'restart'
  const { name, namespace = '', annotations } = isvc.metadata
  const frozen = annotations?.['serving.kserve.io/disable-auto-update'] === 'true'
  throw new MigrateError(
    'NEXUS_MIGRATE_NOT_READY',
    `The ServingRuntime uses the new Secrets, and KServe has not given them to Deployment "${found.metadata.name}"` +
      (frozen ? `, because "${name}" is annotated with serving.kserve.io/disable-auto-update.` : '.'),
    {
      hint: frozen
        ? `Let it: kubectl annotate inferenceservice ${name} -n ${namespace} serving.kserve.io/disable-auto-update-, and run the command again.`
        : 'Look whether KServe’s controller runs, then run the command again: kubectl get pods -n kserve',
    },
  )
}

function restartPatch({ metadata }: Deployment): Patch {
  const template = { metadata: { annotations: { [RESTARTED_AT]: new Date().toISOString() } } }
  return { type: 'strategic', body: { metadata: { uid: metadata.uid }, spec: { template } } }
}

/** Whether KServe gives the Deployment the new references in time; a Deployment that goes away needs none. */
async function waitForAdoption(isvc: InferenceService, deps: RollOutDeps): Promise<boolean> {
  const deadline = AbortSignal.timeout(deps.adoptionMs ?? ADOPTION_MS)
  const adopted = await waitForDeployment(isvc, (live) => usesOwnSecrets(live, isvc, deps.own), deps, deadline)
  return adopted !== 'aborted'
}

/** Waits until every pod is a new one and ready, telling meanwhile why they are not. */
async function followToEnd(isvc: InferenceService, deps: RollOutDeps): Promise<'wanted' | 'gone'> {
  const { readyTimeoutMs = READY_TIMEOUT_MS, own } = deps
  const deadline = AbortSignal.timeout(readyTimeoutMs)
  const ended = new AbortController()
  const tellUntil = AbortSignal.any([ended.signal, deadline, ...(deps.signal === undefined ? [] : [deps.signal])])
  const told = tellStates(isvc, deps, tellUntil)
  const outcome = await waitForDeployment(isvc, (live) => hasRolled(live, isvc, own), deps, deadline).finally(() =>
    ended.abort(),
  )
  const last = await told
  if (outcome === 'aborted') throw notReady(isvc, last, readyTimeoutMs)
  return outcome
}

/** Reports each state; the last one is why a wait was in vain. A state that cannot be read stops nothing. */
async function tellStates(
  isvc: InferenceService,
  { kube, report }: RollOutDeps,
  signal: AbortSignal,
): Promise<DeploymentState | undefined> {
  const { name, namespace = '' } = isvc.metadata
  let last: DeploymentState | undefined
  try {
    for await (const state of watchNIMDeployment(kube, { name, project: namespace }, { signal })) {
      last = state
      report({ type: 'waiting', service: name, state })
    }
  } catch {
    // Without the right to read pods, a wait goes without reasons.
  }
  return last
}

function notReady({ metadata }: InferenceService, state: DeploymentState | undefined, waitedMs: number): MigrateError {
  const { name, namespace = '' } = metadata
  const minutes = Math.round(waitedMs / 60_000)
  return new MigrateError(
    'NEXUS_MIGRATE_NOT_READY',
    `The references have moved, and the new pods of "${name}" are not ready after ${minutes} min` +
      (state === undefined ? '.' : `: ${state.reason}`),
    {
      hint:
        'The rollout goes on by itself, and the old pods answer as long as the strategy keeps them. ' +
        `See how far it is: nexus describe ${name} -n ${namespace}`,
    },
  )
}

/** Follows a Deployment until it is as wanted, is gone, or `deadline` has come; rejects when the caller gives up. */
async function waitForDeployment(
  isvc: InferenceService,
  isWanted: (live: Deployment) => boolean,
  { kube, signal }: RollOutDeps,
  deadline: AbortSignal,
): Promise<'wanted' | 'gone' | 'aborted'> {
  const { name, namespace } = predictorRef(isvc)
  const ends = signal === undefined ? deadline : AbortSignal.any([deadline, signal])
  const query = { kind: Kinds.Deployment, namespace, fieldSelector: `metadata.name=${name}` }
  let isThere = false
  for await (const event of kube.watch(query, { signal: ends })) {
    if (event.type === 'DELETED') return 'gone'
    if (event.type === 'SYNCED') {
      if (!isThere) return 'gone'
      continue
    }
    isThere = true
    if (isWanted(event.object)) return 'wanted'
  }
  signal?.throwIfAborted()
  return 'aborted'
}

/** Whether new pods of a Deployment will use the deployment's own Secrets. */
export function usesOwnSecrets({ spec }: Deployment, isvc: InferenceService, own: OwnSecrets): boolean {
  return podsUseOwnSecrets(spec.template.spec, own, { keySetElsewhere: setsOwnKey(isvc) })
}
