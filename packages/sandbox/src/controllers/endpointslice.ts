import { isAlreadyExists, isNotFound, Kinds, matchesLabels, ownerReferenceTo, refTo } from '@nexus/kube'
import type { EndpointSlice, Pod, Service, ServicePort } from '@nexus/kube'
import { hasEnded, isReady } from './pods.ts'
import { runReconciler, watching } from './runtime/controller.ts'
import type { ControllerContext } from './runtime/controller.ts'
import { isSameJson } from './runtime/merge-patch.ts'
import { hashSuffix } from './runtime/names.ts'
import { controllerOf, isBeingDeleted, keyOf, parseKey } from './runtime/objects.ts'

const MANAGED_BY = 'endpointslice-controller.k8s.io'
const SERVICE_NAME = 'kubernetes.io/service-name'

/** Writes the addresses of a Service's pods into one EndpointSlice. Slices of other managers are left alone. */
export async function runEndpointSliceController(context: ControllerContext): Promise<void> {
  const { informers } = context
  const services = informers.of(Kinds.Service)
  await runReconciler(context, {
    name: 'endpointslice',
    sources: [
      watching(services, (service) => [keyOf(service)]),
      watching(informers.of(Kinds.Pod), (pod) =>
        services
          .list({ namespace: pod.metadata.namespace ?? '' })
          .filter((service) => selects(service, pod))
          .map(keyOf),
      ),
      watching(informers.of(Kinds.EndpointSlice), (slice) => {
        const owner = controllerOf(slice)
        return owner?.kind === 'Service' ? [`${slice.metadata.namespace ?? ''}/${owner.name}`] : []
      }),
    ],
    reconcile: (key) => reconcileService(context, key),
  })
}

function selects({ spec }: Service, pod: Pod): boolean {
  const { selector } = spec
  return selector !== undefined && Object.keys(selector).length > 0 && matchesLabels(selector, pod.metadata.labels)
}

/** The slice of a deleted Service is garbage-collected with it. */
async function reconcileService({ informers, kube }: ControllerContext, key: string): Promise<void> {
  const { name, namespace = '' } = parseKey(key)
  const service = informers.of(Kinds.Service).get(name, namespace)
  if (service === undefined || isBeingDeleted(service) || service.spec.selector === undefined) return
  const pods = informers
    .of(Kinds.Pod)
    .list({ namespace })
    .filter((pod) => selects(service, pod))
  const wanted = assembleEndpointSlice(service, pods)
  const found = informers.of(Kinds.EndpointSlice).get(wanted.metadata.name, namespace)
  if (found === undefined) {
    await kube.create(wanted).catch((thrown: unknown) => {
      if (!isAlreadyExists(thrown)) throw thrown
    })
    return
  }
  if (isSameJson([found.endpoints, found.ports], [wanted.endpoints, wanted.ports])) return
  const body = { endpoints: wanted.endpoints, ports: wanted.ports }
  await kube.patch(refTo(Kinds.EndpointSlice, wanted.metadata), { type: 'merge', body }).catch((thrown: unknown) => {
    if (!isNotFound(thrown)) throw thrown
  })
}

/**
 * The slice of a Service: every pod that has an address and has not ended, whether ready or not (kubernetes
 * staging/src/k8s.io/endpointslice). A pod on its way out serves as long as it is ready, but is not ready for new work.
 */
export function assembleEndpointSlice(service: Service, pods: readonly Pod[]): EndpointSlice {
  const { name, namespace = '', uid = '' } = service.metadata
  const listed = pods
    .filter((pod) => pod.status?.podIP !== undefined && !hasEnded(pod))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      // The same Service always has the same slice, so a restart cannot leave two.
      name: `${name.slice(0, 57)}-${hashSuffix(uid, 5)}`,
      namespace,
      labels: {
        ...service.metadata.labels,
        [SERVICE_NAME]: name,
        'endpointslice.kubernetes.io/managed-by': MANAGED_BY,
      },
      ownerReferences: [ownerReferenceTo(service, { controller: true })],
    },
    addressType: 'IPv4',
    endpoints: listed.map((pod) => endpointOf(service, pod)),
    ports: (service.spec.ports ?? []).flatMap((port) => slicePort(port, listed)),
  }
}

function endpointOf({ metadata, spec }: Service, pod: Pod): EndpointSlice['endpoints'][number] {
  const serving = isReady(pod)
  const terminating = isBeingDeleted(pod)
  const { name, namespace, uid } = pod.metadata
  const { hostname, subdomain } = pod.spec
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready: spec.publishNotReadyAddresses === true || (serving && !terminating), serving, terminating },
    // The name `hostname.service` of a pod that says it belongs to the Service.
    ...(hostname && subdomain === metadata.name && { hostname }),
    ...(pod.spec.nodeName !== undefined && { nodeName: pod.spec.nodeName }),
    targetRef: {
      kind: 'Pod',
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
    },
  }
}

/** A port that is given by name is looked up in the pods; nothing is listed while none of them has it. */
function slicePort(port: ServicePort, pods: readonly Pod[]): NonNullable<EndpointSlice['ports']> {
  const { name = '', targetPort = port.port, protocol = 'TCP', appProtocol } = port
  const number = typeof targetPort === 'number' ? targetPort : namedPort(targetPort, protocol, pods)
  if (number === undefined) return []
  return [{ name, port: number, protocol, ...(appProtocol !== undefined && { appProtocol }) }]
}

function namedPort(name: string, protocol: string, pods: readonly Pod[]): number | undefined {
  return pods
    .flatMap(({ spec }) => spec.containers.flatMap(({ ports = [] }) => ports))
    .find((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)?.containerPort
}
