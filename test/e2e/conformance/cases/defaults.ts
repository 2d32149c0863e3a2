import { configMap, deployment, pathIn, pod, secret } from '../bodies.ts'
import type { ConformanceCase } from '../case.ts'

export const area = 'defaults'

const container = { name: 'main', image: 'example/app:1' }
const template = { metadata: { labels: { app: 'one' } }, spec: { containers: [container] } }
const jobTemplate = { spec: { restartPolicy: 'Never', containers: [container] } }

/** A pod with at least one of everything that has defaults of its own. */
const fullPod = pod('full', {
  schedulerName: 'none',
  initContainers: [{ name: 'first', image: 'example/app' }],
  containers: [
    {
      ...container,
      ports: [{ containerPort: 8000 }],
      env: [
        { name: 'A', value: 'a' },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'C', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
        { name: 'D', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      ],
      resources: { limits: { cpu: '1000m', memory: '1024Mi', 'nvidia.com/gpu': 1 } },
      livenessProbe: { httpGet: { path: '/live', port: 8000 } },
      readinessProbe: { tcpSocket: { port: 8000 } },
      startupProbe: { exec: { command: ['true'] }, failureThreshold: 30 },
      lifecycle: { preStop: { httpGet: { port: 8000 } } },
      securityContext: { runAsNonRoot: true },
      volumeMounts: [{ name: 'empty', mountPath: '/e' }],
    },
    { name: 'latest', image: 'example/app:latest' },
    { name: 'digest', image: `example/app@sha256:${'0'.repeat(64)}` },
  ],
  volumes: [
    { name: 'empty', emptyDir: { sizeLimit: '1024Mi' } },
    { name: 'secret', secret: { secretName: 's' } },
    { name: 'config', configMap: { name: 'c' } },
    { name: 'fields', downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' } }] } },
    { name: 'all', projected: { sources: [{ serviceAccountToken: { path: 't' } }, { secret: { name: 's' } }] } },
    { name: 'host', hostPath: { path: '/tmp' } },
    { name: 'nothing' },
  ],
  tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
})

const service = (name: string, spec: object) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec })

/** Each sent as it is; nothing here is touched by a controller before it is answered. */
const OBJECTS: readonly (readonly [string, string, string, object])[] = [
  ['a pod', 'pods', '', pod('one', { schedulerName: 'none' })],
  ['a pod with everything', 'pods', '', fullPod],
  [
    'a pod on the host network',
    'pods',
    '',
    pod('host', {
      hostNetwork: true,
      schedulerName: 'none',
      containers: [{ ...container, ports: [{ containerPort: 80 }] }],
    }),
  ],
  ['a deployment', 'deployments', 'apps/v1', deployment('one')],
  ['a deployment that is recreated', 'deployments', 'apps/v1', deployment('two', { strategy: { type: 'Recreate' } })],
  [
    'a deployment with a strategy',
    'deployments',
    'apps/v1',
    deployment('three', { strategy: { rollingUpdate: { maxSurge: 1 } } }),
  ],
  [
    'a replica set',
    'replicasets',
    'apps/v1',
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'one' },
      spec: { replicas: 0, selector: { matchLabels: { app: 'one' } }, template },
    },
  ],
  [
    'a stateful set',
    'statefulsets',
    'apps/v1',
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'one' },
      spec: {
        replicas: 0,
        serviceName: 'one',
        selector: { matchLabels: { app: 'one' } },
        template,
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        ],
      },
    },
  ],
  [
    'a daemon set',
    'daemonsets',
    'apps/v1',
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'one' },
      spec: { selector: { matchLabels: { app: 'one' } }, template },
    },
  ],
  [
    'a job',
    'jobs',
    'batch/v1',
    { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'one' }, spec: { suspend: true, template: jobTemplate } },
  ],
  [
    'a cron job',
    'cronjobs',
    'batch/v1',
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'one' },
      spec: { suspend: true, schedule: '0 0 1 1 *', jobTemplate: { spec: { template: jobTemplate } } },
    },
  ],
  [
    'a service',
    'services',
    '',
    service('one', { selector: { app: 'one' }, ports: [{ port: 80, targetPort: 'http' }] }),
  ],
  ['a service without an address', 'services', '', service('two', { clusterIP: 'None', ports: [{ port: 80 }] })],
  [
    'a service of a name elsewhere',
    'services',
    '',
    service('three', { type: 'ExternalName', externalName: 'example.com' }),
  ],
  [
    'a service with client affinity',
    'services',
    '',
    service('four', { sessionAffinity: 'ClientIP', ports: [{ port: 80 }] }),
  ],
  ['a secret', 'secrets', '', { ...secret('one'), stringData: { a: 'b' } }],
  ['a config map', 'configmaps', '', { ...configMap('one', { a: 'b' }), binaryData: { c: 'AA==' }, immutable: true }],
  [
    'a service account',
    'serviceaccounts',
    '',
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'one' }, imagePullSecrets: [{ name: 's' }] },
  ],
  [
    'a role',
    'roles',
    'rbac.authorization.k8s.io/v1',
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'one' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    },
  ],
  [
    'a role binding',
    'rolebindings',
    'rbac.authorization.k8s.io/v1',
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'one' },
      roleRef: { kind: 'Role', name: 'one' },
      subjects: [
        { kind: 'User', name: 'jane' },
        { kind: 'ServiceAccount', name: 'default', namespace: 'x' },
      ],
    },
  ],
  [
    'an autoscaler',
    'horizontalpodautoscalers',
    'autoscaling/v2',
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'one' },
      spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'nothing' } },
    },
  ],
  [
    'an ingress',
    'ingresses',
    'networking.k8s.io/v1',
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'one' },
      spec: { defaultBackend: { service: { name: 'one', port: { number: 80 } } } },
    },
  ],
  [
    'a network policy',
    'networkpolicies',
    'networking.k8s.io/v1',
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'one' },
      spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] },
    },
  ],
  [
    'a disruption budget',
    'poddisruptionbudgets',
    'policy/v1',
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'one' },
      spec: { maxUnavailable: '10%', selector: { matchLabels: { a: 'b' } } },
    },
  ],
  [
    'a lease',
    'leases',
    'coordination.k8s.io/v1',
    {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'one' },
      spec: { holderIdentity: 'me', leaseDurationSeconds: 40 },
    },
  ],
  [
    'an endpoint slice',
    'endpointslices',
    'discovery.k8s.io/v1',
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'one' },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.244.0.7'] }],
      ports: [{ port: 80 }],
    },
  ],
  [
    'a quota',
    'resourcequotas',
    '',
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'one' },
      spec: { hard: { pods: '10', 'requests.cpu': '2000m' } },
    },
  ],
  [
    'a limit range',
    'limitranges',
    '',
    {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'one' },
      spec: { limits: [{ type: 'Container', default: { cpu: '500m' } }] },
    },
  ],
]

const CLUSTER_OBJECTS: readonly (readonly [string, string, object])[] = [
  [
    'a storage class',
    '/apis/storage.k8s.io/v1/storageclasses',
    { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'example.com/none' },
  ],
  [
    'a cluster role binding',
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'none' },
      subjects: [{ kind: 'Group', name: 'devs' }],
    },
  ],
  [
    'a priority class',
    '/apis/scheduling.k8s.io/v1/priorityclasses',
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', value: 7 },
  ],
  ['a namespace', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace' }],
]

export const cases: readonly ConformanceCase[] = [
  ...OBJECTS.map(([title, plural, groupVersion, body]): ConformanceCase => ({
    title,
    async run({ namespace, send }) {
      await send({ method: 'POST', path: pathIn(namespace, plural, groupVersion), body })
    },
  })),
  ...CLUSTER_OBJECTS.map(([title, path, body]): ConformanceCase => ({
    title,
    async run({ namespace, send, prepare }) {
      const name = `${namespace}-one`
      await send({ method: 'POST', path, body: { ...body, metadata: { name } } })
      await prepare({ method: 'DELETE', path: `${path}/${name}` })
    },
  })),
  {
    title: 'a node',
    async run({ namespace, send, prepare }) {
      const name = `${namespace}-one`
      const body = { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { podCIDR: '10.244.9.0/24' } }
      await send({ method: 'POST', path: '/api/v1/nodes', body })
      await prepare({ method: 'DELETE', path: `/api/v1/nodes/${name}` })
    },
    differs: 'the sandbox does not taint a node until it is ready: its one agent reports ready with its first word',
  },
  {
    title: 'a claim and a volume',
    async run({ namespace, send, prepare }) {
      const spec = {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'none',
        resources: { requests: { storage: '1024Mi' } },
      }
      const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'one' }, spec }
      await send({ method: 'POST', path: pathIn(namespace, 'persistentvolumeclaims'), body: claim })
      const metadata = { name: `${namespace}-one` }
      const capacity = { storage: '1024Mi' }
      const volume = {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata,
        spec: { storageClassName: 'unused', capacity, accessModes: ['ReadWriteOnce'], hostPath: { path: '/tmp' } },
      }
      await send({ method: 'POST', path: '/api/v1/persistentvolumes', body: volume })
      await prepare({ method: 'DELETE', path: `/api/v1/persistentvolumes/${metadata.name}` })
    },
    differs:
      'the sandbox does not keep claims and volumes that are deleted while a pod uses them (no protection finalizers)',
  },
]
