import type { ApiObject } from '../object.ts'
import { hasSubresource } from '../resources/resource.ts'
import type { Resource } from '../resources/resource.ts'

/** The status of a new built-in object; other kinds with a status begin with an empty one, custom kinds with none. */
const INITIAL: Readonly<Record<string, object>> = {
  Namespace: { phase: 'Active' },
  PersistentVolume: { phase: 'Pending' },
  PersistentVolumeClaim: { phase: 'Pending' },
  Pod: { phase: 'Pending' },
  Service: { loadBalancer: {} },
  HorizontalPodAutoscaler: { desiredReplicas: 0, currentMetrics: null },
  ReplicaSet: { replicas: 0 },
  DaemonSet: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
  Ingress: { loadBalancer: {} },
  PodDisruptionBudget: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  StatefulSet: { replicas: 0, availableReplicas: 0 },
}

/** Replaces whatever status a client sent with the one a new object has. A node brings its own: its kubelet knows best. */
export function resetStatus(object: ApiObject, resource: Resource): void {
  if (!hasSubresource(resource, 'status') || resource.storageKey === 'nodes') return
  if (resource.custom) delete object['status']
  else object['status'] = structuredClone(INITIAL[resource.kind] ?? {})
}
