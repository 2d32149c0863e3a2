import type { InferenceService, ServingRuntime } from '@nexus/kube'
import type { DeploymentState, NIMDeployment } from '@nexus/nim-serving'
import type { DashboardDeployment, DashboardEndpoint, DashboardStatus } from './contract.ts'

/** The platform's id, and the area of the dashboard that turns it on. */
export const NIM_SERVING_ID = 'nim-serving'

/** The kind of model location by which the wizard asks for a NIM. */
export const NIM_LOCATION = 'nvidia-nim'

const API_PROTOCOL_ANNOTATION = 'opendatahub.io/apiProtocol'

/** A deployment in the dashboard's shape. */
export function toDashboardDeployment(deployment: NIMDeployment): DashboardDeployment {
  const { isvc, runtime, state, endpoints } = deployment
  return {
    ...servingObjects(isvc, runtime),
    status: statusOf(state),
    endpoints: endpointList(endpoints),
  }
}

/** The same for objects whose state nobody has read. */
export function servingObjects(isvc: InferenceService, runtime: ServingRuntime | undefined): DashboardDeployment {
  const protocol = runtime?.metadata.annotations?.[API_PROTOCOL_ANNOTATION]
  return {
    modelServingPlatformId: NIM_SERVING_ID,
    model: isvc,
    ...(runtime !== undefined && { server: runtime }),
    ...(protocol !== undefined && { apiProtocol: protocol }),
  }
}

function statusOf({ phase, reason }: DeploymentState): DashboardStatus {
  const isStopped = phase === 'Stopped'
  const isStarting = phase === 'Pending' || phase === 'Pulling' || phase === 'Starting'
  const isStopping = phase === 'Deleting'
  return {
    state: stateOf(phase),
    message: reason,
    stoppedStates: { isRunning: !isStopped && !isStarting && !isStopping, isStarting, isStopping, isStopped },
  }
}

function stateOf(phase: DeploymentState['phase']): DashboardStatus['state'] {
  switch (phase) {
    case 'Pending':
      return 'Pending'
    case 'Pulling':
    case 'Starting':
      return 'Loading'
    case 'Ready':
    case 'Redeploying':
      return 'Loaded'
    case 'Failed':
      return 'FailedToLoad'
    case 'Stopped':
    case 'Deleting':
      return 'Unknown'
    default:
      return phase satisfies never
  }
}

function endpointList({ internal, external }: NIMDeployment['endpoints']): DashboardEndpoint[] {
  return [
    ...(internal === undefined ? [] : [{ type: 'internal' as const, url: internal }]),
    ...(external === undefined ? [] : [{ type: 'external' as const, url: external }]),
  ]
}
