import type { Affinity, NodeSelector } from './affinity.ts'
import type { Condition, KubeObject, ObjectMeta } from '../objects.ts'

// Kinds of the core group and their parts: the fields this project reads or writes. Kubernetes API reference v1.34.

/** A quantity: `"2"`, `"500m"`, `"50Gi"`; servers accept plain numbers, too. */
export type Quantity = string | number
export type ResourceList = Record<string, Quantity>

export interface ResourceRequirements {
  requests?: ResourceList
  limits?: ResourceList
}

export interface Namespace extends KubeObject {
  spec?: { finalizers?: string[] }
  status?: { phase?: 'Active' | 'Terminating'; conditions?: Condition[] }
}

export interface Secret extends KubeObject {
  type?: string
  /** Base64. */
  data?: Record<string, string>
  /** Plain text, write-only: the server turns it into `data`. */
  stringData?: Record<string, string>
  immutable?: boolean
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>
  binaryData?: Record<string, string>
  immutable?: boolean
}

export interface ServiceAccount extends KubeObject {
  secrets?: { name: string }[]
  imagePullSecrets?: { name: string }[]
  automountServiceAccountToken?: boolean
}

export interface EnvVarSource {
  secretKeyRef?: { name: string; key: string; optional?: boolean }
  configMapKeyRef?: { name: string; key: string; optional?: boolean }
  fieldRef?: { fieldPath: string; apiVersion?: string }
  resourceFieldRef?: { resource: string; containerName?: string; divisor?: Quantity }
}

export interface EnvVar {
  name: string
  value?: string
  valueFrom?: EnvVarSource
}

export interface EnvFromSource {
  prefix?: string
  secretRef?: { name: string; optional?: boolean }
  configMapRef?: { name: string; optional?: boolean }
}

export interface VolumeMount {
  name: string
  mountPath: string
  subPath?: string
  /** Like `subPath`, with `$(NAME)` of the container's variables. */
  subPathExpr?: string
  readOnly?: boolean
}

export interface HttpGetAction {
  path?: string
  port: number | string
  scheme?: 'HTTP' | 'HTTPS'
  host?: string
  httpHeaders?: { name: string; value: string }[]
}

export interface TcpSocketAction {
  port: number | string
  host?: string
}

export interface ExecAction {
  command?: string[]
}

export interface Probe {
  httpGet?: HttpGetAction
  tcpSocket?: TcpSocketAction
  exec?: ExecAction
  grpc?: { port: number; service?: string }
  initialDelaySeconds?: number
  periodSeconds?: number
  timeoutSeconds?: number
  successThreshold?: number
  failureThreshold?: number
  terminationGracePeriodSeconds?: number
}

/** What runs when a container has started, or before it is told to end. */
export interface LifecycleHandler {
  exec?: ExecAction
  httpGet?: HttpGetAction
  tcpSocket?: TcpSocketAction
  sleep?: { seconds: number }
}

export interface ContainerPort {
  name?: string
  containerPort: number
  protocol?: 'TCP' | 'UDP' | 'SCTP'
  hostPort?: number
}

export interface Container {
  name: string
  image?: string
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  command?: string[]
  args?: string[]
  workingDir?: string
  ports?: ContainerPort[]
  env?: EnvVar[]
  envFrom?: EnvFromSource[]
  resources?: ResourceRequirements
  volumeMounts?: VolumeMount[]
  startupProbe?: Probe
  readinessProbe?: Probe
  livenessProbe?: Probe
  lifecycle?: { postStart?: LifecycleHandler; preStop?: LifecycleHandler }
  securityContext?: object
  terminationMessagePath?: string
  terminationMessagePolicy?: string
  /** Of an init container: `Always` makes it a sidecar, which runs beside the containers after it. */
  restartPolicy?: 'Always'
}

/** One file that a volume makes of a key. Modes are numbers: 0o644 is 420. */
export interface KeyToPath {
  key: string
  path: string
  mode?: number
}

export interface DownwardFile {
  path: string
  fieldRef?: { fieldPath: string; apiVersion?: string }
  resourceFieldRef?: { resource: string; containerName?: string; divisor?: Quantity }
  mode?: number
}

export interface VolumeProjection {
  secret?: { name?: string; optional?: boolean; items?: KeyToPath[] }
  configMap?: { name?: string; optional?: boolean; items?: KeyToPath[] }
  downwardAPI?: { items?: DownwardFile[] }
  serviceAccountToken?: { path: string; audience?: string; expirationSeconds?: number }
}

export interface Volume {
  name: string
  emptyDir?: { medium?: string; sizeLimit?: Quantity }
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean }
  secret?: { secretName: string; optional?: boolean; items?: KeyToPath[]; defaultMode?: number }
  configMap?: { name: string; optional?: boolean; items?: KeyToPath[]; defaultMode?: number }
  downwardAPI?: { items?: DownwardFile[]; defaultMode?: number }
  projected?: { sources?: VolumeProjection[] | null; defaultMode?: number }
}

export interface Toleration {
  key?: string
  operator?: 'Exists' | 'Equal'
  value?: string
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
  tolerationSeconds?: number
}

export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  volumes?: Volume[]
  nodeName?: string
  nodeSelector?: Record<string, string>
  tolerations?: Toleration[]
  affinity?: Affinity
  schedulingGates?: { name: string }[]
  preemptionPolicy?: string
  imagePullSecrets?: { name: string }[]
  restartPolicy?: 'Always' | 'OnFailure' | 'Never'
  terminationGracePeriodSeconds?: number
  /** From the start of the pod; then it fails with reason `DeadlineExceeded`. */
  activeDeadlineSeconds?: number
  serviceAccountName?: string
  serviceAccount?: string
  automountServiceAccountToken?: boolean
  schedulerName?: string
  securityContext?: object
  dnsPolicy?: string
  hostname?: string
  subdomain?: string
  priorityClassName?: string
  enableServiceLinks?: boolean
  readinessGates?: { conditionType: string }[]
}

export interface ContainerState {
  waiting?: { reason?: string; message?: string }
  running?: { startedAt?: string }
  terminated?: {
    exitCode: number
    signal?: number
    reason?: string
    message?: string
    startedAt?: string
    finishedAt?: string
    containerID?: string
  }
}

export interface ContainerStatus {
  name: string
  image: string
  imageID: string
  ready: boolean
  started?: boolean
  restartCount: number
  containerID?: string
  state?: ContainerState
  lastState?: ContainerState
}

export interface PodStatus {
  phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'
  conditions?: Condition[]
  containerStatuses?: ContainerStatus[]
  initContainerStatuses?: ContainerStatus[]
  podIP?: string
  podIPs?: { ip: string }[]
  hostIP?: string
  hostIPs?: { ip: string }[]
  startTime?: string
  reason?: string
  message?: string
  qosClass?: string
  observedGeneration?: number
}

export interface Pod extends KubeObject {
  spec: PodSpec
  status?: PodStatus
}

export interface PodTemplateSpec {
  metadata?: Partial<ObjectMeta>
  spec: PodSpec
}

export interface ServicePort {
  name?: string
  port: number
  targetPort?: number | string
  protocol?: 'TCP' | 'UDP' | 'SCTP'
  nodePort?: number
  appProtocol?: string
}

export interface Service extends KubeObject {
  spec: {
    type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
    selector?: Record<string, string>
    ports?: ServicePort[]
    clusterIP?: string
    clusterIPs?: string[]
    ipFamilies?: string[]
    ipFamilyPolicy?: string
    internalTrafficPolicy?: string
    sessionAffinity?: string
    externalName?: string
    publishNotReadyAddresses?: boolean
  }
  status?: { loadBalancer?: object }
}

export interface PersistentVolumeClaim extends KubeObject {
  spec: {
    accessModes?: string[]
    resources?: ResourceRequirements
    storageClassName?: string
    volumeMode?: string
    volumeName?: string
    selector?: object
  }
  status?: {
    phase?: 'Pending' | 'Bound' | 'Lost'
    accessModes?: string[]
    capacity?: ResourceList
    conditions?: Condition[]
  }
}

export interface PersistentVolume extends KubeObject {
  spec: {
    capacity?: ResourceList
    accessModes?: string[]
    claimRef?: { apiVersion?: string; kind?: string; namespace?: string; name?: string; uid?: string }
    storageClassName?: string
    persistentVolumeReclaimPolicy?: 'Retain' | 'Delete'
    volumeMode?: string
    hostPath?: { path: string; type?: string }
    local?: { path: string }
    nodeAffinity?: { required?: NodeSelector }
  }
  status?: { phase?: 'Pending' | 'Available' | 'Bound' | 'Released' | 'Failed' }
}

export interface Taint {
  key: string
  value?: string
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
}

export interface Node extends KubeObject {
  spec?: { podCIDR?: string; podCIDRs?: string[]; taints?: Taint[]; unschedulable?: boolean; providerID?: string }
  status?: {
    capacity?: ResourceList
    allocatable?: ResourceList
    conditions?: Condition[]
    addresses?: { type: string; address: string }[]
    daemonEndpoints?: { kubeletEndpoint?: { Port: number } }
    nodeInfo?: object
    images?: { names: string[]; sizeBytes?: number }[]
  }
}

/** core/v1 Event: what a controller saw or did to an object. */
export interface Event extends KubeObject {
  involvedObject: {
    apiVersion?: string
    kind?: string
    namespace?: string
    name?: string
    uid?: string
    resourceVersion?: string
    fieldPath?: string
  }
  reason?: string
  message?: string
  type?: 'Normal' | 'Warning'
  count?: number
  firstTimestamp?: string | null
  lastTimestamp?: string | null
  eventTime?: string | null
  source?: { component?: string; host?: string }
  reportingComponent?: string
  reportingInstance?: string
}
