import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, stringAt } from '../objects/fields.ts'
import { amountsIn, pieces, sumOf } from './amounts.ts'
import type { Amounts } from './amounts.ts'

/** Resources that quotas call by their own name, not only by `count/…`. */
const OWN_NAMES = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'resourcequotas',
  'secrets',
  'services',
  'replicationcontrollers',
])
const COMPUTE = new Set(['cpu', 'memory', 'ephemeral-storage'])

/** What an object takes of each resource that a quota may limit; `storageKey` says its kind (`deployments.apps`). */
export function usageOf(storageKey: string, object: ApiObject): Amounts {
  const counts = pieces(`count/${storageKey}`, ...(OWN_NAMES.has(storageKey) ? [storageKey] : []))
  switch (storageKey) {
    case 'pods':
      return hasEnded(object) ? new Map(pieces('count/pods')) : new Map([...counts, ...podUsage(object)])
    case 'persistentvolumeclaims':
      return new Map([...counts, ...claimUsage(object)])
    case 'services':
      return new Map([...counts, ...serviceUsage(object)])
    default:
      return new Map(counts)
  }
}

function hasEnded(pod: ApiObject): boolean {
  return ['Succeeded', 'Failed'].includes(stringAt(pod, 'status', 'phase') ?? '')
}

/** Requests and limits: the sum of the containers, or an init container that takes more by itself. */
function podUsage(pod: ApiObject): [string, bigint][] {
  return [
    ...[...podAmounts(pod, 'requests')].flatMap(([name, amount]): [string, bigint][] =>
      COMPUTE.has(name)
        ? [
            [name, amount],
            [`requests.${name}`, amount],
          ]
        : [[`requests.${name}`, amount]],
    ),
    ...[...podAmounts(pod, 'limits')]
      .filter(([name]) => COMPUTE.has(name))
      .map(([name, amount]): [string, bigint] => [`limits.${name}`, amount]),
  ]
}

/** What a pod asks for, or is limited to. */
export function podAmounts(pod: ApiObject, what: 'requests' | 'limits'): Amounts {
  const of = (container: unknown) => amountsIn(fieldAt(container, 'resources', what))
  const running = sumOf(listAt(pod, 'spec', 'containers').map(of))
  for (const initial of listAt(pod, 'spec', 'initContainers').map(of)) {
    for (const [name, amount] of initial) if (amount > (running.get(name) ?? 0n)) running.set(name, amount)
  }
  return running
}

function claimUsage(claim: ApiObject): [string, bigint][] {
  const size = amountsIn(fieldAt(claim, 'spec', 'resources', 'requests')).get('storage') ?? 0n
  const storageClass = stringAt(claim, 'spec', 'storageClassName')
  const prefix = `${storageClass ?? ''}.storageclass.storage.k8s.io`
  const ofClass: [string, bigint][] = [
    [`${prefix}/requests.storage`, size],
    ...pieces(`${prefix}/persistentvolumeclaims`),
  ]
  return [['requests.storage', size], ...(storageClass ? ofClass : [])]
}

function serviceUsage(service: ApiObject): [string, bigint][] {
  const type = stringAt(service, 'spec', 'type')
  const hasNodePorts = type === 'NodePort' || type === 'LoadBalancer'
  const ports = BigInt(listAt(service, 'spec', 'ports').length) * 1_000_000_000n
  return [
    ...(hasNodePorts ? [['services.nodeports', ports] satisfies [string, bigint]] : []),
    ...(type === 'LoadBalancer' ? pieces('services.loadbalancers') : []),
  ]
}

/** Whether a quota is about the object: scopes choose among pods. */
export function isInScope(quota: ApiObject, storageKey: string, object: ApiObject): boolean {
  const scopes = listAt(quota, 'spec', 'scopes')
  if (scopes.length === 0) return true
  if (storageKey !== 'pods') return false
  const isTerminating = fieldAt(object, 'spec', 'activeDeadlineSeconds') !== undefined
  const isBestEffort = podAmounts(object, 'requests').size + podAmounts(object, 'limits').size === 0
  return scopes.every((scope) => {
    if (scope === 'BestEffort') return isBestEffort
    if (scope === 'NotBestEffort') return !isBestEffort
    if (scope === 'Terminating') return isTerminating
    return scope === 'NotTerminating' ? !isTerminating : false
  })
}

/** The containers of a pod that say nothing of a compute resource which the quota limits, by its name. */
export function unspecified(quota: ApiObject, pod: ApiObject): [string, string[]][] {
  const hard = fieldAt(quota, 'spec', 'hard')
  const limited = Object.keys(isRecord(hard) ? hard : {}).filter((name) =>
    /^(requests\.|limits\.)?(cpu|memory)$/.test(name),
  )
  const containers = [...listAt(pod, 'spec', 'initContainers'), ...listAt(pod, 'spec', 'containers')]
  return limited.sort().flatMap((name): [string, string[]][] => {
    const what = name.startsWith('limits.') ? 'limits' : 'requests'
    const resource = name.replace(/^(requests|limits)\./, '')
    const silent = containers.filter((one) => fieldAt(one, 'resources', what, resource) === undefined)
    const names = silent.map((one) => stringAt(one, 'name') ?? '').sort()
    return names.length > 0 ? [[name, names]] : []
  })
}
