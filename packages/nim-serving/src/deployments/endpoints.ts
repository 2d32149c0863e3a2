import type { InferenceService } from '@nexus/kube'
import { VISIBILITY_LABEL } from '../api/InferenceService.ts'

/** The addresses of a deployment; undefined while KServe has not written them. */
export interface Endpoints {
  /** Inside the cluster. */
  readonly internal: string | undefined
  /** Outside of it; only a deployment that was exposed has one. */
  readonly external: string | undefined
}

/**
 * Reads a deployment's addresses out of its status. KServe writes a cluster-local name into `status.url`, too, where no
 * route exists, so that field alone does not say whether anybody outside can reach it.
 */
export function endpointsOf({ metadata, status }: InferenceService): Endpoints {
  const exposed = metadata.labels?.[VISIBILITY_LABEL] === 'exposed'
  const outside = status?.url !== undefined && !isClusterLocal(status.url)
  return {
    internal: status?.address?.url ?? (outside ? undefined : status?.url),
    external: exposed && outside ? status.url : undefined,
  }
}

function isClusterLocal(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? ''
  return host.endsWith('.svc') || host.endsWith('.svc.cluster.local')
}
