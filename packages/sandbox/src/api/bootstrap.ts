import { randomUUID } from 'node:crypto'
import { keepAggregated } from './authorization/aggregation.ts'
import { restoreDefaultPolicy } from './authorization/default-policy.ts'
import { timestamp } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { applyDefaults } from './defaults.ts'
import type { ApiObject } from './object.ts'
import { KUBERNETES_ADDRESS } from './objects/cluster-address.ts'
import { isRecord, listAt } from './objects/fields.ts'
import { DEFINITIONS } from './verbs/removal.ts'

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

function namespace(name: string): ApiObject {
  return {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }
}

/** Service `kubernetes`, by which programs in pods find the API server. */
function kubernetesService(port: number): ApiObject {
  return {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      clusterIP: KUBERNETES_ADDRESS,
      clusterIPs: [KUBERNETES_ADDRESS],
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
    },
    status: { loadBalancer: {} },
  }
}

/** Creates what every cluster has and is not there yet, and serves the stored CustomResourceDefinitions again. */
export function bootstrap(cluster: Cluster, port: number): void {
  for (const definition of cluster.store.list(DEFINITIONS)) cluster.registry.define(definition)
  for (const name of NAMESPACES) ensure(cluster, 'namespaces', namespace(name))
  ensure(cluster, 'services', kubernetesService(port))
  pointToPort(cluster, port)
  restoreDefaultPolicy(cluster.store, timestamp(cluster.clock()))
  keepAggregated(cluster)
}

/** The server may have been started on another port since. */
function pointToPort({ store }: Cluster, port: number): void {
  const service = structuredClone(store.get('services', 'default', 'kubernetes'))
  const [https] = listAt(service, 'spec', 'ports')
  if (!service || !isRecord(https) || https['targetPort'] === port) return
  https['targetPort'] = port
  store.put('services', service)
}

function ensure({ store, clock }: Cluster, key: string, object: ApiObject): void {
  const { namespace = '', name } = object.metadata
  if (store.get(key, namespace, name)) return
  object.metadata.uid = randomUUID()
  object.metadata.creationTimestamp = timestamp(clock())
  applyDefaults(object)
  store.put(key, object)
}
