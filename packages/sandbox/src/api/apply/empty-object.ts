import type { Resource } from '../resources/resource.ts'

const TEMPLATE = { metadata: {}, spec: { containers: null } }

const NODE_FAULTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

function tolerated(key: string): object {
  return { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }
}

/**
 * What an object of a built-in kind has before anything is written to it: fields that Kubernetes always writes out. Whoever
 * fills them in does not own them as such, only what is in them. The same goes for what admission adds: tolerations, addresses.
 */
const EMPTY: Readonly<Record<string, object>> = {
  Namespace: { spec: { finalizers: ['kubernetes'] } },
  Node: { spec: {} },
  PersistentVolume: { spec: {} },
  PersistentVolumeClaim: { spec: { resources: {} } },
  Pod: { spec: { containers: null, tolerations: NODE_FAULTS.map(tolerated) } },
  Service: { spec: { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' } },
  Event: {
    involvedObject: {},
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: null,
    reportingComponent: '',
    reportingInstance: '',
  },
  ResourceQuota: { spec: {} },
  LimitRange: { spec: { limits: null } },
  Deployment: { spec: { selector: null, template: TEMPLATE, strategy: {} } },
  ReplicaSet: { spec: { selector: null, template: TEMPLATE } },
  StatefulSet: { spec: { selector: null, template: TEMPLATE, updateStrategy: {} } },
  DaemonSet: { spec: { selector: null, template: TEMPLATE, updateStrategy: {} } },
  Job: { spec: { template: TEMPLATE } },
  CronJob: { spec: { schedule: '', jobTemplate: { metadata: {}, spec: { template: TEMPLATE } } } },
  HorizontalPodAutoscaler: { spec: { scaleTargetRef: { kind: '', name: '' }, maxReplicas: 0 } },
  Lease: { spec: {} },
  EndpointSlice: { addressType: '', endpoints: null, ports: null },
  Ingress: { spec: {} },
  IngressClass: { spec: {} },
  NetworkPolicy: { spec: { podSelector: {} } },
  PodDisruptionBudget: { spec: {} },
  ClusterRole: { rules: null },
  Role: { rules: null },
  ClusterRoleBinding: { roleRef: { apiGroup: '', kind: '', name: '' } },
  RoleBinding: { roleRef: { apiGroup: '', kind: '', name: '' } },
  CustomResourceDefinition: {
    spec: { group: '', names: { plural: '', kind: '' }, scope: '', versions: null },
  },
}

/** The state from which a new object is compared to tell what its creator wrote. */
export function emptyObject({ kind, apiVersion, custom }: Resource): Readonly<Record<string, unknown>> {
  return { apiVersion, kind, metadata: {}, ...(!custom && EMPTY[kind]) }
}
