import { isNotFound, KubeApiError } from '@nexus/kube'

/**
 * Whether a write was refused because its namespace is on its way out, or gone: it takes no new objects, which is no
 * failure of who writes them (`NamespaceTerminatingCause` in k8s.io/api/core/v1).
 */
export function isNamespaceLeaving(thrown: unknown): boolean {
  if (isNotFound(thrown)) return true
  return thrown instanceof KubeApiError && thrown.status === 403 && thrown.message.includes('being terminated')
}
