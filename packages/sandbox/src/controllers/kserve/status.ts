import { predictorName } from '@nexus/core'
import type { Condition, Deployment, InferenceService, Pod } from '@nexus/kube'
import { conditionOf, withCondition, withInitialConditions } from './conditions.ts'
import type { ConditionChange, SeverityCondition } from './conditions.ts'
import { invalidSpec, observeModel } from './model-status.ts'
import { DEPLOYMENT_MODE, isStopped } from './names.ts'
import type { RuntimeFailure } from './serving-runtime.ts'

export type InferenceServiceStatus = NonNullable<InferenceService['status']>

/** What the status of an InferenceService is made of. */
export interface PredictorState {
  readonly runtimeName: string
  /** The Deployment as the API server has it; undefined right after its creation. */
  readonly deployment: Deployment | undefined
  readonly pods: readonly Pod[]
  readonly now: Date
}

/** Domain of the URLs of an installation that was given none (`ingressDomain` of ConfigMap inferenceservice-config). */
const INGRESS_DOMAIN = 'example.com'

/** The deployment mode for the status: what it says already, the annotation, else Standard (`GetDeploymentMode`). */
export function deploymentMode({ metadata, status }: InferenceService): string {
  const mode = status?.deploymentMode || metadata.annotations?.[DEPLOYMENT_MODE] || 'Standard'
  const modern: Record<string, string> = { RawDeployment: 'Standard', Serverless: 'Knative' }
  return modern[mode] ?? mode
}

/** The status of an InferenceService that runs, is starting, or is stopped by its annotation. */
export function observeStatus(isvc: InferenceService, state: PredictorState): InferenceServiceStatus {
  return isStopped(isvc.metadata.annotations) ? stoppedStatus(isvc, state) : runningStatus(isvc, state)
}

/**
 * In KServe's order (`Predictor.Reconcile`, then `InferenceServiceReconciler.Reconcile`): Deployment, model, Stopped,
 * ingress. Ingress objects are off, so URLs are there from the start and `IngressReady` is true.
 */
function runningStatus(isvc: InferenceService, state: PredictorState): InferenceServiceStatus {
  const { deployment, pods, now, runtimeName } = state
  const { name, namespace = 'default' } = isvc.metadata
  const old = withoutClusterRuntime(isvc.status ?? {})
  const predictor = predictorReady(deployment?.status?.conditions ?? [])
  const url = `http://${predictorName(name)}-${namespace}.${INGRESS_DOMAIN}`
  const withPredictor = withCondition(withInitialConditions(old.conditions ?? [], now), predictor, now)
  const isReady = conditionOf(withPredictor, 'Ready')?.status === 'True'
  const said: ConditionChange[] = [
    { type: 'Stopped', status: 'False' },
    { type: 'IngressReady', status: 'True' },
  ]
  return {
    ...old,
    url: `http://${name}-${namespace}.${INGRESS_DOMAIN}`,
    address: { url: `http://${predictorName(name)}.${namespace}.svc.cluster.local` },
    components: {
      ...old.components,
      predictor: { ...old.components?.predictor, ...(predictor.status === 'True' && { url }) },
    },
    conditions: said.reduce((conditions, change) => withCondition(conditions, change, now), withPredictor),
    modelStatus: observeModel(old.modelStatus, { pods, isReady }),
    deploymentMode: deploymentMode(isvc),
    servingRuntimeName: runtimeName,
    ...observedGeneration(deployment),
  }
}

function withoutClusterRuntime(status: InferenceServiceStatus): InferenceServiceStatus {
  const { clusterServingRuntimeName: _gone, ...rest } = status
  return rest
}

/** It is the Deployment's, not the InferenceService's (`PropagateRawStatus`). */
function observedGeneration(deployment: Deployment | undefined): { observedGeneration?: number } {
  const generation = deployment?.status?.observedGeneration
  return generation === undefined ? {} : { observedGeneration: generation }
}

/**
 * `PredictorReady` from the conditions of the Deployment (`PropagateRawStatus`): the last rule that applies wins, a
 * Deployment without conditions is not ready.
 */
export function predictorReady(conditions: readonly Condition[]): ConditionChange {
  const [available, progressing, failure] = ['Available', 'Progressing', 'ReplicaFailure'].map((type) =>
    conditions.find((condition) => condition.type === type),
  )
  const says = (condition: Condition, status: Condition['status']): ConditionChange => ({
    type: 'PredictorReady',
    status,
    reason: condition.reason,
    message: condition.message,
  })
  let ready: ConditionChange = { type: 'PredictorReady', status: 'False' }
  if (available?.status === 'True') ready = says(available, 'True')
  if (progressing?.status === 'False' && progressing.message) ready = says(progressing, 'False')
  if (progressing?.status === 'True') {
    if (progressing.reason === 'NewReplicaSetAvailable') ready = says(progressing, 'True')
    else if (available?.status !== 'True') ready = says(progressing, 'Unknown')
  }
  if (available?.status === 'False') ready = says(available, 'False')
  if (failure?.status === 'True') ready = says(failure, 'False')
  return ready
}

/** Everything is forgotten but the mode, and `IngressReady` is not said, as there is no Ingress (`RawIngressReconciler`). */
function stoppedStatus(isvc: InferenceService, { now, runtimeName }: PredictorState): InferenceServiceStatus {
  const old = isvc.status?.conditions ?? []
  const isSettled = conditionOf(old, 'PredictorReady')?.reason === 'Stopped'
  const said: ConditionChange[] = [
    { type: 'PredictorReady', status: 'False', reason: 'Stopped' },
    { type: 'Stopped', status: 'True' },
  ]
  const before: SeverityCondition[] = isSettled ? old.filter(({ type }) => type !== 'IngressReady') : []
  return {
    conditions: said.reduce((conditions, change) => withCondition(conditions, change, now), before),
    modelStatus: { transitionStatus: '' },
    deploymentMode: deploymentMode(isvc),
    servingRuntimeName: runtimeName,
  }
}

/** The status of an InferenceService for which no runtime or no pod could be found: only the model's part changes. */
export function failedStatus(isvc: InferenceService, failure: RuntimeFailure, now: Date): InferenceServiceStatus {
  return {
    ...isvc.status,
    conditions: withInitialConditions(isvc.status?.conditions ?? [], now),
    modelStatus: invalidSpec(isvc.status?.modelStatus, failure.info),
    deploymentMode: deploymentMode(isvc),
  }
}
