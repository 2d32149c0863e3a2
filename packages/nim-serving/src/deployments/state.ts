import type { Event, InferenceService, Pod } from '@nexus/kube'
import { isStopped, runtimeNameOf } from '../api/InferenceService.ts'
import type { DeploymentParts } from '../types.ts'
import { diagnosePod, diagnosePVC } from './diagnosis.ts'
import type { Diagnosis, DiagnosisContext } from './diagnosis.ts'
import { endpointsOf } from './endpoints.ts'

interface Explained {
  /** Why, as one sentence for people. */
  readonly reason: string
  /** The next command, or what to do; empty where nothing is to be done. */
  readonly hint: string
}

/** Where a deployment is. */
export type DeploymentState =
  /** Waits for the cluster (a node, a volume, a quota, KServe) and goes on by itself. */
  | ({ readonly phase: 'Pending' } & Explained)
  /** A node fetches the image. */
  | ({ readonly phase: 'Pulling' } & Explained)
  /** The container runs; the model is downloaded or loaded. */
  | ({ readonly phase: 'Starting' } & Explained)
  /** Requests are answered. `url` is the address inside the cluster. */
  | ({ readonly phase: 'Ready'; readonly url: string | undefined } & Explained)
  | ({ readonly phase: 'Stopped' } & Explained)
  /** The old version answers while a new one starts. */
  | ({ readonly phase: 'Redeploying'; readonly url: string | undefined } & Explained)
  /** Somebody has to change something first. */
  | ({ readonly phase: 'Failed' } & Explained)
  | ({ readonly phase: 'Deleting' } & Explained)

export interface StateInput extends DeploymentParts {
  /** Events about the deployment's objects; they add to a reason what no status tells. */
  readonly events?: readonly Event[] | undefined
  readonly now: Date
}

/**
 * Reads a deployment's state out of its objects. Pure. The reason is looked for where it is most exact: the pod, its
 * PVC, a quota, the nodes, the image, the key, a legal block; then in what KServe says.
 */
export function deploymentState(input: StateInput): DeploymentState {
  const { isvc, runtime } = input
  const { name, namespace = '' } = isvc.metadata
  if (isvc.metadata.deletionTimestamp !== undefined) {
    const { finalizers = [] } = isvc.metadata
    const held =
      finalizers.length === 0 ? '' : ` It waits for what these finalizers stand for: ${finalizers.join(', ')}.`
    const hint = `kubectl get pods -n ${namespace} -l serving.kserve.io/inferenceservice=${name}`
    return { phase: 'Deleting', reason: `It is being deleted.${held}`, hint }
  }
  const pods = input.pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  if (isStopped(isvc)) return stopped(input)
  const runtimeName = runtimeNameOf(isvc)
  if (runtime === undefined && runtimeName !== undefined && pods.length === 0) {
    const hint = 'Deploy again with the same inputs, which adds what is missing: nexus deploy'
    return { phase: 'Failed', reason: `The ServingRuntime "${runtimeName}" does not exist.`, hint }
  }
  return running(input, pods)
}

function stopped({ isvc, pods }: StateInput): DeploymentState {
  const { name, namespace = '' } = isvc.metadata
  const hint = `nexus start ${name} -n ${namespace}`
  const ending =
    pods.length === 0 ? '' : ` ${pods.length === 1 ? 'One pod is' : `${pods.length} pods are`} still ending.`
  return { phase: 'Stopped', reason: `It was stopped.${ending}`, hint }
}

function running(input: StateInput, pods: readonly Pod[]): DeploymentState {
  const { isvc, pvc, events = [], now } = input
  const { name, namespace = '' } = isvc.metadata
  const context: DiagnosisContext = { name, namespace, pvc, events, now }
  const diagnoses = pods.map((pod) => diagnosePod(pod, context))
  const worst = worstOf(diagnoses)
  if (isReady(isvc) && (worst === undefined || diagnoses.some(({ phase }) => phase === 'Ready'))) {
    const { internal: url } = endpointsOf(isvc)
    if (worst === undefined || worst.phase === 'Ready') return { phase: 'Ready', url, reason: 'It answers.', hint: '' }
    if (versionsOf(pods) > 1) return redeploying(worst, url, context)
    return { phase: 'Ready', url, reason: `It answers; a replica does not: ${worst.reason}`, hint: worst.hint }
  }
  if (worst === undefined) return withoutPods(input, context)
  if (worst.phase !== 'Ready') return { phase: worst.phase, reason: worst.reason, hint: worst.hint }
  const hint = `kubectl describe inferenceservice ${isvc.metadata.name} -n ${context.namespace}`
  return { phase: 'Starting', reason: 'The model is loaded; KServe has not seen it yet.', hint }
}

/** Where no second copy fits beside the first, a rolling update waits for a place that only its own end would free. */
function redeploying(
  { phase, reason, hint }: Diagnosis,
  url: string | undefined,
  { name, namespace }: DiagnosisContext,
): DeploymentState {
  const waitsForPlace = phase === 'Pending' && /No node (has enough|admits|takes)/.test(reason)
  if (!waitsForPlace) return { phase: 'Redeploying', url, reason: `A new version starts: ${reason}`, hint }
  const blocked = `The old version answers; the new one finds no place beside it: ${reason}`
  return { phase: 'Redeploying', url, reason: blocked, hint: `nexus edit ${name} -n ${namespace} --strategy recreate` }
}

/**
 * What KServe last said, which may be a moment old. Its `observedGeneration` does not help: it is that of the predictor's
 * Deployment, not of the InferenceService (KServe, `PropagateRawStatus`), and begins anew when one that was stopped starts.
 */
function isReady({ status }: InferenceService): boolean {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
}

/** The ReplicaSet controller labels the pods of one version alike. */
function versionsOf(pods: readonly Pod[]): number {
  return new Set(pods.map(({ metadata }) => metadata.labels?.['pod-template-hash'])).size
}

const GRAVITY: readonly Diagnosis['phase'][] = ['Failed', 'Pending', 'Pulling', 'Starting', 'Ready']

/** The pod that tells most about what is wrong. */
function worstOf(diagnoses: readonly Diagnosis[]): Diagnosis | undefined {
  return diagnoses.toSorted((a, b) => GRAVITY.indexOf(a.phase) - GRAVITY.indexOf(b.phase))[0]
}

/** No pod is there to ask: a quota, a volume or KServe itself holds the deployment up. */
function withoutPods({ isvc, pvc, events = [] }: StateInput, { namespace }: DiagnosisContext): DeploymentState {
  const { name } = isvc.metadata
  const describe = `kubectl describe inferenceservice ${name} -n ${namespace}`
  const quota = events.findLast(
    ({ reason, message }) => reason === 'FailedCreate' && /exceeded quota/.test(message ?? ''),
  )
  const failedCreate = quota ?? events.findLast(({ reason }) => reason === 'FailedCreate')
  if (failedCreate !== undefined) {
    const hint = quota === undefined ? describe : `kubectl describe quota -n ${namespace}`
    return { phase: 'Pending', reason: `No pod may be created: ${failedCreate.message ?? ''}`, hint }
  }
  const failure = isvc.status?.modelStatus?.lastFailureInfo
  const transition = isvc.status?.modelStatus?.transitionStatus
  if (transition === 'InvalidSpec' || transition === 'BlockedByFailedLoad') {
    return { phase: 'Failed', reason: failure?.message ?? `KServe says ${transition}.`, hint: describe }
  }
  const predictor = isvc.status?.conditions?.find(({ type }) => type === 'PredictorReady')
  if (predictor?.status === 'False' && predictor.message !== undefined && predictor.message !== '') {
    return { phase: 'Pending', reason: predictor.message, hint: describe }
  }
  const volume = diagnosePVC(pvc, namespace)
  if (isvc.status?.conditions === undefined) {
    const hint = 'Is KServe running? kubectl get pods -A -l control-plane=kserve-controller-manager'
    return { phase: 'Pending', reason: 'KServe has not looked at it yet.', hint }
  }
  if (volume !== undefined && volume.phase === 'Failed') return { ...volume, phase: 'Failed' }
  return { phase: 'Pending', reason: 'Its pods are being created.', hint: describe }
}
