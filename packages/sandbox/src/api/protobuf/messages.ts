/**
 * The shape of one field. Of plain values, an empty one means that it was left out; `optional` ones mean what they say
 * even when they are empty. `map` has string keys.
 */
export interface Field {
  readonly name: string
  readonly type: 'string' | 'bytes' | 'int' | 'bool' | 'time' | 'quantity' | 'int-or-string' | Message
  readonly repeated?: 'list' | 'map'
  readonly optional?: true
  /** A part of the message that has no place of its own in JSON. */
  readonly inline?: true
}

/** A message: its fields by their numbers. */
export interface Message {
  readonly [number: number]: Field
}

function list(name: string, type: Field['type'] = 'string'): Field {
  return { name, type, repeated: 'list' }
}

function map(name: string, type: Field['type'] = 'string'): Field {
  return { name, type, repeated: 'map' }
}

function one(name: string, type: Field['type'] = 'string'): Field {
  return { name, type }
}

function optional(name: string, type: Field['type']): Field {
  return { name, type, optional: true }
}

/** Field numbers as in the `generated.proto` files of k8s.io/api and k8s.io/apimachinery, release 1.34. */
const ownerReference: Message = {
  1: one('kind'),
  3: one('name'),
  4: one('uid'),
  5: one('apiVersion'),
  6: optional('controller', 'bool'),
  7: optional('blockOwnerDeletion', 'bool'),
}

const metadata: Message = {
  1: one('name'),
  2: one('generateName'),
  3: one('namespace'),
  5: one('uid'),
  6: one('resourceVersion'),
  7: one('generation', 'int'),
  8: one('creationTimestamp', 'time'),
  11: map('labels'),
  12: map('annotations'),
  13: list('ownerReferences', ownerReference),
  14: list('finalizers'),
  // Only the server writes them, so what they say is not read.
  17: list('managedFields', 'bytes'),
}

const localReference: Message = { 1: one('name') }

const objectReference: Message = {
  1: one('kind'),
  2: one('namespace'),
  3: one('name'),
  4: one('uid'),
  5: one('apiVersion'),
  6: one('resourceVersion'),
  7: one('fieldPath'),
}

const containerPort: Message = {
  1: one('name'),
  2: one('hostPort', 'int'),
  3: one('containerPort', 'int'),
  4: one('protocol'),
  5: one('hostIP'),
}

const envVar: Message = { 1: one('name'), 2: one('value') }

const resources: Message = { 1: map('limits', 'quantity'), 2: map('requests', 'quantity') }

const container: Message = {
  1: one('name'),
  2: one('image'),
  3: list('command'),
  4: list('args'),
  5: one('workingDir'),
  6: list('ports', containerPort),
  7: list('env', envVar),
  8: one('resources', resources),
  13: one('terminationMessagePath'),
  14: one('imagePullPolicy'),
  20: one('terminationMessagePolicy'),
}

const podSpec: Message = {
  2: list('containers', container),
  3: one('restartPolicy'),
  4: optional('terminationGracePeriodSeconds', 'int'),
  6: one('dnsPolicy'),
  7: map('nodeSelector'),
  8: one('serviceAccountName'),
  9: one('serviceAccount'),
  10: one('nodeName'),
  14: optional('securityContext', {}),
  15: list('imagePullSecrets', localReference),
  19: one('schedulerName'),
  20: list('initContainers', container),
}

const labelSelector: Message = {
  1: map('matchLabels'),
  2: list('matchExpressions', { 1: one('key'), 2: one('operator'), 3: list('values') }),
}

const rollingUpdate: Message = {
  1: optional('maxUnavailable', 'int-or-string'),
  2: optional('maxSurge', 'int-or-string'),
}

const deploymentSpec: Message = {
  1: optional('replicas', 'int'),
  2: optional('selector', labelSelector),
  3: one('template', { 1: one('metadata', metadata), 2: one('spec', podSpec) }),
  4: one('strategy', { 1: one('type'), 2: optional('rollingUpdate', rollingUpdate) }),
  5: one('minReadySeconds', 'int'),
  6: optional('revisionHistoryLimit', 'int'),
  7: one('paused', 'bool'),
  9: optional('progressDeadlineSeconds', 'int'),
}

const jobSpec: Message = {
  1: optional('parallelism', 'int'),
  2: optional('completions', 'int'),
  3: optional('activeDeadlineSeconds', 'int'),
  4: optional('selector', labelSelector),
  5: optional('manualSelector', 'bool'),
  6: one('template', { 1: one('metadata', metadata), 2: one('spec', podSpec) }),
  7: optional('backoffLimit', 'int'),
  8: optional('ttlSecondsAfterFinished', 'int'),
  9: optional('completionMode', 'string'),
  10: optional('suspend', 'bool'),
}

const cronJobSpec: Message = {
  1: one('schedule'),
  2: optional('startingDeadlineSeconds', 'int'),
  3: one('concurrencyPolicy'),
  4: optional('suspend', 'bool'),
  5: one('jobTemplate', { 1: one('metadata', metadata), 2: one('spec', jobSpec) }),
  6: optional('successfulJobsHistoryLimit', 'int'),
  7: optional('failedJobsHistoryLimit', 'int'),
  8: optional('timeZone', 'string'),
}

const disruptionBudgetSpec: Message = {
  1: optional('minAvailable', 'int-or-string'),
  2: optional('selector', labelSelector),
  3: optional('maxUnavailable', 'int-or-string'),
}

const ingressBackend: Message = {
  3: optional('resource', { 1: optional('apiGroup', 'string'), 2: one('kind'), 3: one('name') }),
  4: optional('service', { 1: one('name'), 2: one('port', { 1: one('name'), 2: one('number', 'int') }) }),
}

const ingressPath: Message = { 1: one('path'), 2: one('backend', ingressBackend), 3: optional('pathType', 'string') }

const ingressSpec: Message = {
  1: optional('defaultBackend', ingressBackend),
  2: list('tls', { 1: list('hosts'), 2: one('secretName') }),
  3: list('rules', {
    1: one('host'),
    2: { ...one('rule', { 1: optional('http', { 1: list('paths', ingressPath) }) }), inline: true },
  }),
  4: optional('ingressClassName', 'string'),
}

const servicePort: Message = {
  1: one('name'),
  2: one('protocol'),
  3: one('port', 'int'),
  4: one('targetPort', 'int-or-string'),
  5: one('nodePort', 'int'),
  6: optional('appProtocol', 'string'),
}

const serviceSpec: Message = {
  1: list('ports', servicePort),
  2: map('selector'),
  3: one('clusterIP'),
  4: one('type'),
  5: list('externalIPs'),
  7: one('sessionAffinity'),
  8: one('loadBalancerIP'),
  10: one('externalName'),
  11: one('externalTrafficPolicy'),
  12: one('healthCheckNodePort', 'int'),
  13: one('publishNotReadyAddresses', 'bool'),
  17: optional('ipFamilyPolicy', 'string'),
  18: list('clusterIPs'),
  19: list('ipFamilies'),
  22: optional('internalTrafficPolicy', 'string'),
}

const rules: Field = list('rules', {
  1: list('verbs'),
  2: list('apiGroups'),
  3: list('resources'),
  4: list('resourceNames'),
  5: list('nonResourceURLs'),
})

const binding: Message = {
  1: one('metadata', metadata),
  2: list('subjects', { 1: one('kind'), 2: one('apiGroup'), 3: one('name'), 4: one('namespace') }),
  3: one('roleRef', { 1: one('apiGroup'), 2: one('kind'), 3: one('name') }),
}

const boundReference: Message = { 1: one('kind'), 2: one('apiVersion'), 3: one('name'), 4: one('uid') }

const tokenRequestSpec: Message = {
  1: list('audiences'),
  3: optional('boundObjectRef', boundReference),
  4: optional('expirationSeconds', 'int'),
}

const resourceAttributes: Message = {
  1: one('namespace'),
  2: one('verb'),
  3: one('group'),
  4: one('version'),
  5: one('resource'),
  6: one('subresource'),
  7: one('name'),
}

const pathAttributes: Message = { 1: one('path'), 2: one('verb') }

/** The kinds that `kubectl create <kind>` and helm send as protobuf, whatever the server prefers. */
export const MESSAGES: Readonly<Record<string, Message>> = {
  'v1/Namespace': {
    1: one('metadata', metadata),
    2: one('spec', { 1: list('finalizers') }),
    3: one('status', { 1: one('phase') }),
  },
  'v1/ConfigMap': {
    1: one('metadata', metadata),
    2: map('data'),
    3: map('binaryData', 'bytes'),
    4: optional('immutable', 'bool'),
  },
  'v1/Secret': {
    1: one('metadata', metadata),
    2: map('data', 'bytes'),
    3: one('type'),
    4: map('stringData'),
    5: optional('immutable', 'bool'),
  },
  'v1/ServiceAccount': {
    1: one('metadata', metadata),
    2: list('secrets', objectReference),
    3: list('imagePullSecrets', localReference),
    4: optional('automountServiceAccountToken', 'bool'),
  },
  'v1/Service': {
    1: one('metadata', metadata),
    2: one('spec', serviceSpec),
    3: one('status', { 1: one('loadBalancer', {}) }),
  },
  'apps/v1/Deployment': { 1: one('metadata', metadata), 2: one('spec', deploymentSpec), 3: one('status', {}) },
  'batch/v1/Job': { 1: one('metadata', metadata), 2: one('spec', jobSpec), 3: one('status', {}) },
  'batch/v1/CronJob': { 1: one('metadata', metadata), 2: one('spec', cronJobSpec), 3: one('status', {}) },
  'networking.k8s.io/v1/Ingress': {
    1: one('metadata', metadata),
    2: one('spec', ingressSpec),
    3: one('status', { 1: one('loadBalancer', {}) }),
  },
  'policy/v1/PodDisruptionBudget': {
    1: one('metadata', metadata),
    2: one('spec', disruptionBudgetSpec),
    3: one('status', {}),
  },
  'scheduling.k8s.io/v1/PriorityClass': {
    1: one('metadata', metadata),
    2: one('value', 'int'),
    3: one('globalDefault', 'bool'),
    4: one('description'),
    5: optional('preemptionPolicy', 'string'),
  },
  'v1/ResourceQuota': {
    1: one('metadata', metadata),
    2: one('spec', { 1: map('hard', 'quantity'), 2: list('scopes') }),
    3: one('status', {}),
  },
  // helm takes its records of a release away with it.
  'v1/DeleteOptions': {
    1: optional('gracePeriodSeconds', 'int'),
    2: optional('preconditions', { 1: optional('uid', 'string'), 2: optional('resourceVersion', 'string') }),
    3: optional('orphanDependents', 'bool'),
    4: optional('propagationPolicy', 'string'),
    5: list('dryRun'),
  },
  'rbac.authorization.k8s.io/v1/Role': { 1: one('metadata', metadata), 2: rules },
  'rbac.authorization.k8s.io/v1/ClusterRole': {
    1: one('metadata', metadata),
    2: rules,
    3: optional('aggregationRule', { 1: list('clusterRoleSelectors', labelSelector) }),
  },
  'rbac.authorization.k8s.io/v1/RoleBinding': binding,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': binding,
  'authentication.k8s.io/v1/SelfSubjectReview': {
    1: one('metadata', metadata),
    2: one('status', { 1: one('userInfo', {}) }),
  },
  'authorization.k8s.io/v1/SelfSubjectAccessReview': {
    1: one('metadata', metadata),
    2: one('spec', {
      1: optional('resourceAttributes', resourceAttributes),
      2: optional('nonResourceAttributes', pathAttributes),
    }),
    3: one('status', {}),
  },
  'authorization.k8s.io/v1/SelfSubjectRulesReview': {
    1: one('metadata', metadata),
    2: one('spec', { 1: one('namespace') }),
    3: one('status', {}),
  },
  'authentication.k8s.io/v1/TokenRequest': {
    1: one('metadata', metadata),
    2: one('spec', tokenRequestSpec),
    3: one('status', { 1: one('token'), 2: one('expirationTimestamp', 'time') }),
  },
}
