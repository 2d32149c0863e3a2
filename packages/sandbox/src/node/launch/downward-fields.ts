import { parseQuantity } from '@nexus/kube'
import type { Container, EnvVarSource, Pod, Quantity, ResourceList } from '@nexus/kube'

/** What a pod can be told of itself. */
export interface DownwardSources {
  readonly pod: Pod
  readonly podIP: string
  readonly hostIP: string
  /** What the node offers: the limit of a container that has none. */
  readonly allocatable: ResourceList
}

export type ResourceField = NonNullable<EnvVarSource['resourceFieldRef']>

/**
 * The value of a field of the downward API, undefined where there is no such field:
 * https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
 */
export function fieldValue(fieldPath: string, { pod, podIP, hostIP }: DownwardSources): string | undefined {
  const { metadata, spec } = pod
  const [, group, key] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath) ?? []
  if (key !== undefined) return (group === 'labels' ? metadata.labels : metadata.annotations)?.[key] ?? ''
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'metadata.labels': mapLines(metadata.labels),
    'metadata.annotations': mapLines(metadata.annotations),
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.podIP': podIP,
    'status.podIPs': podIP,
    'status.hostIP': hostIP,
    'status.hostIPs': hostIP,
  }
  return fields[fieldPath]
}

/** An amount of a container's resources in units of the divisor, rounded up: half a core is 1. */
export function resourceValue(
  { resource, divisor = '1' }: ResourceField,
  container: Container | undefined,
  allocatable: ResourceList,
): string {
  const [kind, name = ''] = resource.split('.', 2)
  const { limits, requests } = container?.resources ?? {}
  const amount = kind === 'limits' ? (limits?.[name] ?? allocatable[name]) : requests?.[name]
  const parts = nanos(divisor) === 0n ? nanos('1') : nanos(divisor)
  return String((nanos(amount ?? '0') + parts - 1n) / parts)
}

/** The container that a reference of `own` means: another one of the pod where it says so. */
export function containerNamed(pod: Pod, name: string | undefined): Container | undefined {
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((container) => container.name === name)
}

function nanos(quantity: Quantity): bigint {
  return parseQuantity(quantity).nanos
}

/** `key="value"` lines by key, as files of the downward API hold labels and annotations. */
function mapLines(map: Readonly<Record<string, string>> = {}): string {
  const keys = Object.keys(map).sort()
  return keys.map((key) => `${key}=${JSON.stringify(map[key])}`).join('\n')
}
