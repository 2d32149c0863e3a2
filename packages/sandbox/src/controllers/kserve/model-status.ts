import type { ContainerStatus, InferenceService, Pod } from '@nexus/kube'
import { MODEL_CONTAINER, STORAGE_INITIALIZER_CONTAINER } from './names.ts'

/** `status.modelStatus` of an InferenceService. */
export type ModelStatus = NonNullable<NonNullable<InferenceService['status']>['modelStatus']>
type FailureInfo = NonNullable<ModelStatus['lastFailureInfo']>

/** What happens to the model of a predictor, read from its pods. */
export interface Observation {
  readonly pods: readonly Pod[]
  readonly isReady: boolean
}

/**
 * The model status after a look at the pods: `PropagateModelStatus` in
 * pkg/apis/serving/v1beta1/inference_service_status.go. The newest pod speaks for all of them.
 */
export function observeModel(old: ModelStatus | undefined, { pods, isReady }: Observation): ModelStatus {
  const ready = pods.filter(isReadyPod).length
  const counted: ModelStatus = { ...old, copies: { failedCopies: 0, ...(ready > 0 && { totalCopies: ready }) } }
  const newest = newestFirst(pods)[0]
  if (newest === undefined) return withTargetState(counted, 'Pending')

  const fetching = statusOf(newest.status?.initContainerStatuses, STORAGE_INITIALIZER_CONTAINER)
  const failedFetch = fetching && failureOf(fetching)
  if (failedFetch) return withTargetState(counted, 'FailedToLoad', failedFetch)
  if (fetching?.state?.running) return withTargetState(counted, 'Loading')
  if (isReady) return withTargetState(counted, 'Loaded')

  const serving = statusOf(newest.status?.containerStatuses, MODEL_CONTAINER)
  if (serving === undefined) return withTargetState(counted, old?.states?.targetModelState ?? 'Pending')
  const failure = failureOf(serving)
  return failure ? withTargetState(counted, 'FailedToLoad', failure) : withTargetState(counted, 'Pending')
}

/** The status of a predictor whose spec cannot be served (`UpdateModelTransitionStatus` with `InvalidSpec`). */
export function invalidSpec(old: ModelStatus | undefined, lastFailureInfo: FailureInfo): ModelStatus {
  return {
    ...old,
    transitionStatus: 'InvalidSpec',
    states: { activeModelState: '', ...old?.states, targetModelState: 'FailedToLoad' },
    lastFailureInfo,
  }
}

/** `UpdateModelRevisionStates`: the transition follows from the state; the last failure stays until another one. */
function withTargetState(old: ModelStatus, targetModelState: string, failure?: FailureInfo): ModelStatus {
  const activeModelState = targetModelState === 'Loaded' ? 'Loaded' : (old.states?.activeModelState ?? '')
  return {
    ...old,
    transitionStatus: transitionTo(targetModelState),
    states: { activeModelState, targetModelState },
    ...(failure && { lastFailureInfo: failure }),
  }
}

function transitionTo(state: string): NonNullable<ModelStatus['transitionStatus']> {
  if (state === 'Loaded') return 'UpToDate'
  return state === 'FailedToLoad' ? 'BlockedByFailedLoad' : 'InProgress'
}

function failureOf({ state, lastState }: ContainerStatus): FailureInfo | undefined {
  const ended = state?.terminated?.reason === 'Error' ? state.terminated : undefined
  const last = state?.waiting?.reason === 'CrashLoopBackOff' ? (lastState?.terminated ?? { exitCode: 0 }) : undefined
  const failed = ended ?? last
  if (failed === undefined) return undefined
  return {
    reason: 'ModelLoadFailed',
    ...(failed.message && { message: failed.message }),
    ...(failed.exitCode !== 0 && { exitCode: failed.exitCode }),
  }
}

function statusOf(statuses: readonly ContainerStatus[] | undefined, name: string): ContainerStatus | undefined {
  return statuses?.find((status) => status.name === name)
}

function isReadyPod({ status }: Pod): boolean {
  const ready = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  return status?.phase === 'Running' && ready === true
}

/** Ties go by name: replicas are often created in the same second (`sortPodsByCreatedTimestampDesc`). */
function newestFirst(pods: readonly Pod[]): Pod[] {
  const createdAt = ({ metadata }: Pod) => Date.parse(metadata.creationTimestamp ?? '') || 0
  return [...pods].sort((a, b) => createdAt(b) - createdAt(a) || (a.metadata.name < b.metadata.name ? -1 : 1))
}
