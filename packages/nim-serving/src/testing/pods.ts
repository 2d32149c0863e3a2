import type { ContainerStatus, Pod, PodStatus } from '@nexus/kube'

/** A predictor's pod with this status. */
export function testPod(status: PodStatus, changes: { version?: string; deleted?: boolean } = {}): Pod {
  const { version = '1', deleted = false } = changes
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `llama-predictor-${version}-abcde`,
      namespace: 'demo',
      labels: { 'serving.kserve.io/inferenceservice': 'llama', 'pod-template-hash': version },
      ...(deleted ? { deletionTimestamp: '2026-11-21T10:00:00Z' } : {}),
    },
    spec: { containers: [{ name: 'kserve-container', image: 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4' }] },
    status,
  }
}

/** Placed on a node, its one container in this state. */
export function scheduled(container: Partial<ContainerStatus>): PodStatus {
  return {
    phase: container.state?.running === undefined ? 'Pending' : 'Running',
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: container.ready === true ? 'True' : 'False' },
    ],
    containerStatuses: [
      {
        name: 'kserve-container',
        image: 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4',
        imageID: '',
        ready: false,
        started: false,
        restartCount: 0,
        ...container,
      },
    ],
  }
}

/** A container that waits, in the kubelet's words. */
export function waiting(reason: string, message = ''): PodStatus {
  return scheduled({ state: { waiting: { reason, message } } })
}

/** Placed on no node, in the scheduler's words. */
export function unschedulable(message: string): PodStatus {
  return {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
  }
}
