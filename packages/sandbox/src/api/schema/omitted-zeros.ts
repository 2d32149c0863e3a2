/**
 * Optional scalars that Go leaves out when they are empty, zero or false, by type: those that are no pointers. OpenAPI does
 * not tell them from pointers, which keep an explicit zero (`replicas: 0`). Listed for the types of workloads.
 */
export const OMITTED_ZEROS: Readonly<Record<string, ReadonlySet<string>>> = {
  'apps.v1.DaemonSetSpec': fields('minReadySeconds'),
  'apps.v1.DeploymentSpec': fields('minReadySeconds paused'),
  'apps.v1.DeploymentStatus': fields(
    'availableReplicas observedGeneration readyReplicas replicas unavailableReplicas updatedReplicas',
  ),
  'apps.v1.DeploymentStrategy': fields('type'),
  'apps.v1.ReplicaSetSpec': fields('minReadySeconds'),
  'apps.v1.ReplicaSetStatus': fields('availableReplicas fullyLabeledReplicas observedGeneration readyReplicas'),
  'apps.v1.StatefulSetSpec': fields('minReadySeconds podManagementPolicy serviceName'),
  'core.v1.Container': fields(
    'image imagePullPolicy stdin stdinOnce terminationMessagePath terminationMessagePolicy tty workingDir',
  ),
  'core.v1.ContainerPort': fields('hostIP hostPort name protocol'),
  'core.v1.EmptyDirVolumeSource': fields('medium'),
  'core.v1.EnvFromSource': fields('prefix'),
  'core.v1.EnvVar': fields('value'),
  'core.v1.HTTPGetAction': fields('host path scheme'),
  'core.v1.LocalObjectReference': fields('name'),
  'core.v1.ObjectReference': fields('apiVersion fieldPath kind name namespace resourceVersion uid'),
  'core.v1.PersistentVolumeClaimSpec': fields('volumeName'),
  'core.v1.PersistentVolumeClaimVolumeSource': fields('readOnly'),
  'core.v1.PersistentVolumeSpec': fields('persistentVolumeReclaimPolicy storageClassName'),
  'core.v1.PodSpec': fields(
    'dnsPolicy hostIPC hostNetwork hostPID hostname nodeName priorityClassName restartPolicy schedulerName ' +
      'serviceAccount serviceAccountName subdomain',
  ),
  'core.v1.Probe': fields('failureThreshold initialDelaySeconds periodSeconds successThreshold timeoutSeconds'),
  'core.v1.Secret': fields('type'),
  'core.v1.SecretVolumeSource': fields('secretName'),
  'core.v1.ServicePort': fields('name nodePort protocol'),
  'core.v1.ServiceSpec': fields(
    'clusterIP externalName externalTrafficPolicy healthCheckNodePort loadBalancerIP publishNotReadyAddresses ' +
      'sessionAffinity type',
  ),
  'core.v1.TCPSocketAction': fields('host'),
  'core.v1.Toleration': fields('effect key operator value'),
  'core.v1.VolumeMount': fields('readOnly subPath subPathExpr'),
  'meta.v1.ObjectMeta': fields('generateName generation name namespace resourceVersion selfLink uid'),
}

function fields(names: string): ReadonlySet<string> {
  return new Set(names.split(' '))
}
