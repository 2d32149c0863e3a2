import type { JsonPatchOperation, Probe, ServingRuntime } from '@nexus/kube'
import { servingContainer } from '../../api/ServingRuntime.ts'
import { referencePatch } from './references.ts'
import type { OwnSecrets } from './references.ts'

/** The port of a NIM where its container names none. */
const NIM_PORT = 8000

/**
 * The change of a ServingRuntime that a migration makes; empty where its references have moved. Pure.
 *
 * With the references comes a readiness probe where there is none. Moving them replaces the pods, and KServe's own probe
 * asks only whether the port is open: the old pod would end while the new one still loads its model.
 */
export function migrationPatch(runtime: ServingRuntime, own: OwnSecrets): JsonPatchOperation[] {
  const references = referencePatch(runtime, own)
  return references.length === 0 ? [] : [...references, ...readinessPatch(runtime)]
}

function readinessPatch(runtime: ServingRuntime): JsonPatchOperation[] {
  const container = servingContainer(runtime)
  if (container === undefined || container.readinessProbe !== undefined) return []
  const path = `/spec/containers/${runtime.spec.containers.indexOf(container)}`
  const readinessProbe: Probe = {
    httpGet: { path: '/v1/health/ready', port: container.ports?.[0]?.containerPort ?? NIM_PORT },
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 3,
  }
  return [
    { op: 'test', path: `${path}/name`, value: container.name },
    { op: 'add', path: `${path}/readinessProbe`, value: readinessProbe },
  ]
}
