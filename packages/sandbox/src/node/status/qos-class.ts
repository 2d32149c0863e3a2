import type { PodSpec, ResourceList } from '@nexus/kube'

const COUNTED = ['cpu', 'memory'] as const

/** The pod's quality-of-service class, from cpu and memory alone, as the API server's own rule has it. */
export function qosClass({ containers, initContainers = [] }: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const all = [...containers, ...initContainers].map(({ resources = {} }) => resources)
  const asks = (list: ResourceList = {}): boolean => COUNTED.some((name) => list[name] !== undefined)
  if (!all.some(({ requests, limits }) => asks(requests) || asks(limits))) return 'BestEffort'
  const guaranteed = all.every(({ requests = {}, limits = {} }) =>
    COUNTED.every((name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}
