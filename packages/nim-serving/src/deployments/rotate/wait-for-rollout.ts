import { predictorName } from '@nexus/core'
import { Kinds, startInformer } from '@nexus/kube'
import type { Deployment, KubeClient, Pod } from '@nexus/kube'
import type { DeploymentRef } from '../../types.ts'
import { diagnosePod } from '../diagnosis.ts'
import type { DiagnosisContext } from '../diagnosis.ts'
import { podsOf } from '../list.ts'
import { isRolledOut } from '../rolled-out.ts'
import { RotateError } from './errors.ts'
import { ROTATION_KEY } from './rotation.ts'

/** How far the replacement of a deployment's pods is. */
export type RolloutProgress =
  | { readonly phase: 'done' }
  | { readonly phase: 'waiting'; readonly reason: string }
  | { readonly phase: 'failed'; readonly reason: string; readonly hint: string }

export interface RolloutWait {
  /** The annotation of the pods that are to come; null: they have none. */
  readonly mark: string | null
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Told why it is waited, when the reason changes. */
  readonly onWait: (reason: string) => void
}

/**
 * Resolves when all pods of a deployment are new and ready.
 * @throws RotateError `NEXUS_ROTATE_NOT_READY` when a new pod cannot start or the time is over; the signal's reason;
 * KubeApiError where a watch ends for good.
 */
export async function waitForRollout(kube: KubeClient, ref: DeploymentRef, wait: RolloutWait): Promise<void> {
  const { name, project: namespace } = ref
  const life = new AbortController()
  const settled = Promise.withResolvers<void>()
  const options = { signal: life.signal, onError: (error: unknown) => settled.reject(error) }
  const deployments = startInformer(
    kube,
    { kind: Kinds.Deployment, namespace, fieldSelector: `metadata.name=${predictorName(name)}` },
    options,
  )
  const pods = startInformer(kube, podsOf(name, namespace), options)
  let told = ''
  const look = (): void => {
    const deployment = deployments.get(predictorName(name), namespace)
    const progress = rolloutProgress(deployment, pods.list(), { mark: wait.mark, name, namespace, now: new Date() })
    if (progress.phase === 'done') return settled.resolve()
    if (progress.phase === 'failed') return settled.reject(notReady(progress.reason, progress.hint))
    if (progress.reason !== told) wait.onWait(progress.reason)
    told = progress.reason
  }
  const timer = setTimeout(() => settled.reject(notReady(`it takes too long. ${told}`)), wait.timeoutMs)
  const onAbort = (): void => settled.reject(wait.signal?.reason)
  wait.signal?.addEventListener('abort', onAbort, { once: true })
  if (wait.signal?.aborted === true) onAbort()
  try {
    await Promise.race([Promise.all([deployments.synced, pods.synced]), settled.promise])
    for (const informer of [deployments, pods]) informer.onChange(look)
    look()
    await settled.promise
  } finally {
    clearTimeout(timer)
    wait.signal?.removeEventListener('abort', onAbort)
    life.abort()
    await Promise.all([deployments.stopped, pods.stopped])
  }
}

function notReady(reason: string, hint?: string): RotateError {
  return new RotateError('NEXUS_ROTATE_NOT_READY', `The pods with the key are not ready: ${reason}`, { hint })
}

/** Reads the progress of a rollout out of the Deployment and the pods. Pure. */
export function rolloutProgress(
  deployment: Deployment | undefined,
  pods: readonly Pod[],
  { mark, name, namespace, now }: { mark: string | null; name: string; namespace: string; now: Date },
): RolloutProgress {
  if (deployment === undefined) return { phase: 'waiting', reason: 'KServe has not made the Deployment yet.' }
  const { metadata, spec, status = {} } = deployment
  if (annotationOf(spec.template) !== mark) return { phase: 'waiting', reason: 'KServe has not seen the change yet.' }
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    return { phase: 'waiting', reason: 'The rollout has not begun yet.' }
  }
  if (isRolledOut(deployment)) return { phase: 'done' }
  const { replicas = 1 } = spec
  const { updatedReplicas: updated = 0 } = status
  const context: DiagnosisContext = { name, namespace, pvc: undefined, events: [], now }
  const news = pods
    .filter((pod) => annotationOf(pod) === mark && pod.metadata.deletionTimestamp === undefined)
    .map((pod) => diagnosePod(pod, context))
  const failed = news.find(({ phase }) => phase === 'Failed')
  if (failed !== undefined) return { phase: 'failed', reason: failed.reason, hint: failed.hint }
  const rest = updated < replicas ? 'The next copy is being made.' : 'Old copies are still ending.'
  const why = news.find(({ phase }) => phase !== 'Ready')?.reason ?? rest
  return { phase: 'waiting', reason: `${updated} of ${replicas} copies are new: ${why}` }
}

function annotationOf({ metadata }: Pick<Deployment['spec']['template'], 'metadata'>): string | null {
  return metadata?.annotations?.[ROTATION_KEY] ?? null
}
