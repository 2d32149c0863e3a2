/**
 * The types of the built-in kinds in Kubernetes 1.34, in the notation that `type-notation.ts` reads and explains. Taken from
 * the OpenAPI documents of a kube-apiserver; `npm run golden` rewrites it.
 */
export const BUILTIN_TYPES = `
admissionregistration.v1
  MatchCondition struct
    expression! string; name! string
  MutatingWebhook struct
    admissionReviewVersions! [string]; clientConfig! WebhookClientConfig; failurePolicy string
    matchConditions [MatchCondition] map:name merge:name; matchPolicy string; name! string
    namespaceSelector meta.v1.LabelSelector; objectSelector meta.v1.LabelSelector; reinvocationPolicy string
    rules [RuleWithOperations]; sideEffects* string; timeoutSeconds int32
  MutatingWebhookConfiguration struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta
    webhooks [MutatingWebhook] map:name merge:name
  RuleWithOperations struct
    apiGroups [string]; apiVersions [string]; operations [string]; resources [string]; scope string
  ServiceReference struct
    name! string; namespace! string; path string; port int32
  ValidatingWebhook struct
    admissionReviewVersions! [string]; clientConfig! WebhookClientConfig; failurePolicy string
    matchConditions [MatchCondition] map:name merge:name; matchPolicy string; name! string
    namespaceSelector meta.v1.LabelSelector; objectSelector meta.v1.LabelSelector
    rules [RuleWithOperations]; sideEffects* string; timeoutSeconds int32
  ValidatingWebhookConfiguration struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta
    webhooks [ValidatingWebhook] map:name merge:name
  WebhookClientConfig struct
    caBundle byte; service ServiceReference; url string
apiextensions.v1
  CustomResourceColumnDefinition struct
    description string; format string; jsonPath! string; name! string; priority int32; type! string
  CustomResourceConversion struct
    strategy! string; webhook WebhookConversion
  CustomResourceDefinition struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec! CustomResourceDefinitionSpec
    status CustomResourceDefinitionStatus
  CustomResourceDefinitionCondition struct
    lastTransitionTime time; message string; reason string; status! string; type! string
  CustomResourceDefinitionNames struct
    categories [string]; kind! string; listKind string; plural! string; shortNames [string]; singular string
  CustomResourceDefinitionSpec struct
    conversion CustomResourceConversion; group! string
    names! CustomResourceDefinitionNames; preserveUnknownFields bool; scope! string
    versions! [CustomResourceDefinitionVersion]
  CustomResourceDefinitionStatus struct
    acceptedNames CustomResourceDefinitionNames
    conditions [CustomResourceDefinitionCondition] map:type; storedVersions [string]
  CustomResourceDefinitionVersion struct
    additionalPrinterColumns [CustomResourceColumnDefinition]; deprecated bool
    deprecationWarning string; name! string; schema CustomResourceValidation
    selectableFields [SelectableField]; served! bool; storage! bool
    subresources CustomResourceSubresources
  CustomResourceSubresourceScale struct
    labelSelectorPath string; specReplicasPath! string; statusReplicasPath! string
  CustomResourceSubresourceStatus struct
  CustomResourceSubresources struct
    scale CustomResourceSubresourceScale; status CustomResourceSubresourceStatus
  CustomResourceValidation struct
    openAPIV3Schema JSONSchemaProps
  ExternalDocumentation struct
    description string; url string
  JSON any
  JSONSchemaProps struct
    $ref string; $schema string; additionalItems JSONSchemaPropsOrBool
    additionalProperties JSONSchemaPropsOrBool; allOf [JSONSchemaProps]
    anyOf [JSONSchemaProps]; default JSON
    definitions {JSONSchemaProps}; dependencies {JSONSchemaPropsOrStringArray}
    description string; enum [JSON]; example JSON; exclusiveMaximum bool
    exclusiveMinimum bool; externalDocs ExternalDocumentation; format string; id string
    items JSONSchemaPropsOrArray; maxItems int64; maxLength int64; maxProperties int64; maximum double
    minItems int64; minLength int64; minProperties int64; minimum double; multipleOf double
    not JSONSchemaProps; nullable bool; oneOf [JSONSchemaProps]; pattern string
    patternProperties {JSONSchemaProps}; properties {JSONSchemaProps}
    required [string]; title string; type string; uniqueItems bool; x-kubernetes-embedded-resource bool
    x-kubernetes-int-or-string bool; x-kubernetes-list-map-keys [string]; x-kubernetes-list-type string
    x-kubernetes-map-type string; x-kubernetes-preserve-unknown-fields bool
    x-kubernetes-validations [ValidationRule] map:rule merge:rule
  JSONSchemaPropsOrArray any
  JSONSchemaPropsOrBool any
  JSONSchemaPropsOrStringArray any
  SelectableField struct
    jsonPath! string
  ServiceReference struct
    name! string; namespace! string; path string; port int32
  ValidationRule struct
    fieldPath string; message string; messageExpression string; optionalOldSelf bool; reason string; rule! string
  WebhookClientConfig struct
    caBundle byte; service ServiceReference; url string
  WebhookConversion struct
    clientConfig WebhookClientConfig; conversionReviewVersions! [string]
apps.v1
  ControllerRevision struct
    apiVersion string; data any; kind string; metadata meta.v1.ObjectMeta; revision! int64
  DaemonSet struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec DaemonSetSpec
    status DaemonSetStatus
  DaemonSetCondition struct
    lastTransitionTime time; message string; reason string; status! string; type! string
  DaemonSetSpec struct
    minReadySeconds int32; revisionHistoryLimit int32; selector! meta.v1.LabelSelector
    template! core.v1.PodTemplateSpec; updateStrategy DaemonSetUpdateStrategy
  DaemonSetStatus struct
    collisionCount int32; conditions [DaemonSetCondition] map:type merge:type; currentNumberScheduled! int32
    desiredNumberScheduled! int32; numberAvailable int32; numberMisscheduled! int32; numberReady! int32
    numberUnavailable int32; observedGeneration int64; updatedNumberScheduled int32
  DaemonSetUpdateStrategy struct
    rollingUpdate RollingUpdateDaemonSet; type string
  Deployment struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec DeploymentSpec
    status DeploymentStatus
  DeploymentCondition struct
    lastTransitionTime time; lastUpdateTime time; message string; reason string; status! string; type! string
  DeploymentSpec struct
    minReadySeconds int32; paused bool; progressDeadlineSeconds int32; replicas int32; revisionHistoryLimit int32
    selector! meta.v1.LabelSelector; strategy DeploymentStrategy retainKeys; template! core.v1.PodTemplateSpec
  DeploymentStatus struct
    availableReplicas int32; collisionCount int32; conditions [DeploymentCondition] map:type merge:type
    observedGeneration int64; readyReplicas int32; replicas int32; terminatingReplicas int32; unavailableReplicas int32
    updatedReplicas int32
  DeploymentStrategy struct
    rollingUpdate RollingUpdateDeployment; type string
  ReplicaSet struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec ReplicaSetSpec
    status ReplicaSetStatus
  ReplicaSetCondition struct
    lastTransitionTime time; message string; reason string; status! string; type! string
  ReplicaSetSpec struct
    minReadySeconds int32; replicas int32; selector! meta.v1.LabelSelector; template core.v1.PodTemplateSpec
  ReplicaSetStatus struct
    availableReplicas int32; conditions [ReplicaSetCondition] map:type merge:type; fullyLabeledReplicas int32
    observedGeneration int64; readyReplicas int32; replicas! int32; terminatingReplicas int32
  RollingUpdateDaemonSet struct
    maxSurge int-or-string; maxUnavailable int-or-string
  RollingUpdateDeployment struct
    maxSurge int-or-string; maxUnavailable int-or-string
  RollingUpdateStatefulSetStrategy struct
    maxUnavailable int-or-string; partition int32
  StatefulSet struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec StatefulSetSpec
    status StatefulSetStatus
  StatefulSetCondition struct
    lastTransitionTime time; message string; reason string; status! string; type! string
  StatefulSetOrdinals struct
    start int32 =0
  StatefulSetPersistentVolumeClaimRetentionPolicy struct
    whenDeleted string; whenScaled string
  StatefulSetSpec struct
    minReadySeconds int32; ordinals StatefulSetOrdinals
    persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy
    podManagementPolicy string; replicas int32; revisionHistoryLimit int32; selector! meta.v1.LabelSelector
    serviceName string =""; template! core.v1.PodTemplateSpec; updateStrategy StatefulSetUpdateStrategy
    volumeClaimTemplates [core.v1.PersistentVolumeClaim]
  StatefulSetStatus struct
    availableReplicas int32 =0; collisionCount int32; conditions [StatefulSetCondition] map:type merge:type
    currentReplicas int32; currentRevision string; observedGeneration int64; readyReplicas int32; replicas! int32
    updateRevision string; updatedReplicas int32
  StatefulSetUpdateStrategy struct
    rollingUpdate RollingUpdateStatefulSetStrategy; type string
authentication.v1
  BoundObjectReference struct
    apiVersion string; kind string; name string; uid string
  SelfSubjectReview struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; status SelfSubjectReviewStatus
  SelfSubjectReviewStatus struct
    userInfo UserInfo
  TokenRequest struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec! TokenRequestSpec
    status TokenRequestStatus
  TokenRequestSpec struct
    audiences! [string]; boundObjectRef BoundObjectReference; expirationSeconds int64
  TokenRequestStatus struct
    expirationTimestamp! time; token! string
  TokenReview struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec! TokenReviewSpec
    status TokenReviewStatus
  TokenReviewSpec struct
    audiences [string]; token string
  TokenReviewStatus struct
    audiences [string]; authenticated bool; error string; user UserInfo
  UserInfo struct
    extra {[string]}; groups [string]; uid string; username string
authorization.v1
  FieldSelectorAttributes struct
    rawSelector string; requirements [meta.v1.FieldSelectorRequirement]
  LabelSelectorAttributes struct
    rawSelector string; requirements [meta.v1.LabelSelectorRequirement]
  LocalSubjectAccessReview struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec! SubjectAccessReviewSpec
    status SubjectAccessReviewStatus
  NonResourceAttributes struct
    path string; verb string
  NonResourceRule struct
    nonResourceURLs [string]; verbs! [string]
  ResourceAttributes struct
    fieldSelector FieldSelectorAttributes; group string
    labelSelector LabelSelectorAttributes; name string; namespace string; resource string
    subresource string; verb string; version string
  ResourceRule struct
    apiGroups [string]; resourceNames [string]; resources [string]; verbs! [string]
  SelfSubjectAccessReview struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec! SelfSubjectAccessReviewSpec
    status SubjectAccessReviewStatus
  SelfSubjectAccessReviewSpec struct
    nonResourceAttributes NonResourceAttributes
    resourceAttributes ResourceAttributes
  SelfSubjectRulesReview struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec! SelfSubjectRulesReviewSpec
    status SubjectRulesReviewStatus
  SelfSubjectRulesReviewSpec struct
    namespace string
  SubjectAccessReview struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec! SubjectAccessReviewSpec
    status SubjectAccessReviewStatus
  SubjectAccessReviewSpec struct
    extra {[string]}; groups [string]; nonResourceAttributes NonResourceAttributes
    resourceAttributes ResourceAttributes; uid string; user string
  SubjectAccessReviewStatus struct
    allowed! bool; denied bool; evaluationError string; reason string
  SubjectRulesReviewStatus struct
    evaluationError string; incomplete! bool; nonResourceRules! [NonResourceRule]
    resourceRules! [ResourceRule]
autoscaling.v1
  Scale struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec ScaleSpec
    status ScaleStatus
  ScaleSpec struct
    replicas int32 =0
  ScaleStatus struct
    replicas! int32; selector string
autoscaling.v2
  ContainerResourceMetricSource struct
    container! string; name! string; target! MetricTarget
  ContainerResourceMetricStatus struct
    container! string; current! MetricValueStatus; name! string
  CrossVersionObjectReference struct
    apiVersion string; kind! string; name! string
  ExternalMetricSource struct
    metric! MetricIdentifier; target! MetricTarget
  ExternalMetricStatus struct
    current! MetricValueStatus; metric! MetricIdentifier
  HPAScalingPolicy struct
    periodSeconds! int32; type! string; value! int32
  HPAScalingRules struct
    policies [HPAScalingPolicy]; selectPolicy string; stabilizationWindowSeconds int32
    tolerance quantity
  HorizontalPodAutoscaler struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec HorizontalPodAutoscalerSpec
    status HorizontalPodAutoscalerStatus
  HorizontalPodAutoscalerBehavior struct
    scaleDown HPAScalingRules; scaleUp HPAScalingRules
  HorizontalPodAutoscalerCondition struct
    lastTransitionTime time; message string; reason string; status! string; type! string
  HorizontalPodAutoscalerSpec struct
    behavior HorizontalPodAutoscalerBehavior; maxReplicas! int32; metrics [MetricSpec]
    minReplicas int32; scaleTargetRef! CrossVersionObjectReference
  HorizontalPodAutoscalerStatus struct
    conditions [HorizontalPodAutoscalerCondition] map:type merge:type
    currentMetrics [MetricStatus]; currentReplicas int32; desiredReplicas! int32; lastScaleTime time
    observedGeneration int64
  MetricIdentifier struct
    name! string; selector meta.v1.LabelSelector
  MetricSpec struct
    containerResource ContainerResourceMetricSource; external ExternalMetricSource
    object ObjectMetricSource; pods PodsMetricSource
    resource ResourceMetricSource; type! string
  MetricStatus struct
    containerResource ContainerResourceMetricStatus; external ExternalMetricStatus
    object ObjectMetricStatus; pods PodsMetricStatus
    resource ResourceMetricStatus; type! string
  MetricTarget struct
    averageUtilization int32; averageValue quantity; type! string; value quantity
  MetricValueStatus struct
    averageUtilization int32; averageValue quantity; value quantity
  ObjectMetricSource struct
    describedObject! CrossVersionObjectReference; metric! MetricIdentifier
    target! MetricTarget
  ObjectMetricStatus struct
    current! MetricValueStatus; describedObject! CrossVersionObjectReference
    metric! MetricIdentifier
  PodsMetricSource struct
    metric! MetricIdentifier; target! MetricTarget
  PodsMetricStatus struct
    current! MetricValueStatus; metric! MetricIdentifier
  ResourceMetricSource struct
    name! string; target! MetricTarget
  ResourceMetricStatus struct
    current! MetricValueStatus; name! string
batch.v1
  CronJob struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec CronJobSpec
    status CronJobStatus
  CronJobSpec struct
    concurrencyPolicy string; failedJobsHistoryLimit int32; jobTemplate! JobTemplateSpec; schedule! string
    startingDeadlineSeconds int64; successfulJobsHistoryLimit int32; suspend bool; timeZone string
  CronJobStatus struct
    active [core.v1.ObjectReference]; lastScheduleTime time; lastSuccessfulTime time
  Job struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec JobSpec; status JobStatus
  JobCondition struct
    lastProbeTime time; lastTransitionTime time; message string; reason string; status! string; type! string
  JobSpec struct
    activeDeadlineSeconds int64; backoffLimit int32; backoffLimitPerIndex int32; completionMode string
    completions int32; managedBy string; manualSelector bool; maxFailedIndexes int32; parallelism int32
    podFailurePolicy PodFailurePolicy; podReplacementPolicy string; selector meta.v1.LabelSelector
    successPolicy SuccessPolicy; suspend bool; template! core.v1.PodTemplateSpec
    ttlSecondsAfterFinished int32
  JobStatus struct
    active int32; completedIndexes string; completionTime time; conditions [JobCondition] merge:type
    failed int32; failedIndexes string; ready int32; startTime time; succeeded int32; terminating int32
    uncountedTerminatedPods UncountedTerminatedPods
  JobTemplateSpec struct
    metadata meta.v1.ObjectMeta; spec JobSpec
  PodFailurePolicy struct
    rules! [PodFailurePolicyRule]
  PodFailurePolicyOnExitCodesRequirement struct
    containerName string; operator! string; values! [int32] set
  PodFailurePolicyOnPodConditionsPattern struct
    status! string; type! string
  PodFailurePolicyRule struct
    action! string; onExitCodes PodFailurePolicyOnExitCodesRequirement
    onPodConditions [PodFailurePolicyOnPodConditionsPattern]
  SuccessPolicy struct
    rules! [SuccessPolicyRule]
  SuccessPolicyRule struct
    succeededCount int32; succeededIndexes string
  UncountedTerminatedPods struct
    failed [string] set; succeeded [string] set
coordination.v1
  Lease struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec LeaseSpec
  LeaseSpec struct
    acquireTime micro-time; holderIdentity string; leaseDurationSeconds int32; leaseTransitions int32
    preferredHolder string; renewTime micro-time; strategy string
core.v1
  AWSElasticBlockStoreVolumeSource struct
    fsType string; partition int32; readOnly bool; volumeID! string
  Affinity struct
    nodeAffinity NodeAffinity; podAffinity PodAffinity; podAntiAffinity PodAntiAffinity
  AppArmorProfile struct
    localhostProfile string; type! string
  AttachedVolume struct
    devicePath! string; name! string
  AzureDiskVolumeSource struct
    cachingMode string ="ReadWrite"; diskName! string; diskURI! string; fsType string ="ext4"; kind string ="Shared"
    readOnly bool =false
  AzureFilePersistentVolumeSource struct
    readOnly bool; secretName! string; secretNamespace string; shareName! string
  AzureFileVolumeSource struct
    readOnly bool; secretName! string; shareName! string
  Binding struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; target! ObjectReference
  CSIPersistentVolumeSource struct
    controllerExpandSecretRef SecretReference; controllerPublishSecretRef SecretReference
    driver! string; fsType string; nodeExpandSecretRef SecretReference
    nodePublishSecretRef SecretReference; nodeStageSecretRef SecretReference; readOnly bool
    volumeAttributes {string}; volumeHandle! string
  CSIVolumeSource struct
    driver! string; fsType string; nodePublishSecretRef LocalObjectReference; readOnly bool
    volumeAttributes {string}
  Capabilities struct
    add [string]; drop [string]
  CephFSPersistentVolumeSource struct
    monitors! [string]; path string; readOnly bool; secretFile string; secretRef SecretReference; user string
  CephFSVolumeSource struct
    monitors! [string]; path string; readOnly bool; secretFile string; secretRef LocalObjectReference
    user string
  CinderPersistentVolumeSource struct
    fsType string; readOnly bool; secretRef SecretReference; volumeID! string
  CinderVolumeSource struct
    fsType string; readOnly bool; secretRef LocalObjectReference; volumeID! string
  ClientIPConfig struct
    timeoutSeconds int32
  ClusterTrustBundleProjection struct
    labelSelector meta.v1.LabelSelector; name string; optional bool; path! string; signerName string
  ConfigMap struct
    apiVersion string; binaryData {byte}; data {string}; immutable bool; kind string; metadata meta.v1.ObjectMeta
  ConfigMapEnvSource struct
    name string =""; optional bool
  ConfigMapKeySelector struct atomic
    key! string; name string =""; optional bool
  ConfigMapNodeConfigSource struct
    kubeletConfigKey! string; name! string; namespace! string; resourceVersion string; uid string
  ConfigMapProjection struct
    items [KeyToPath]; name string =""; optional bool
  ConfigMapVolumeSource struct
    defaultMode int32; items [KeyToPath]; name string =""; optional bool
  Container struct
    args [string]; command [string]; env [EnvVar] map:name merge:name; envFrom [EnvFromSource]
    image string; imagePullPolicy string; lifecycle Lifecycle; livenessProbe Probe; name! string
    ports [ContainerPort] map:containerPort:protocol merge:containerPort; readinessProbe Probe
    resizePolicy [ContainerResizePolicy]; resources ResourceRequirements; restartPolicy string
    restartPolicyRules [ContainerRestartRule]; securityContext SecurityContext
    startupProbe Probe; stdin bool; stdinOnce bool; terminationMessagePath string
    terminationMessagePolicy string; tty bool; volumeDevices [VolumeDevice] map:devicePath merge:devicePath
    volumeMounts [VolumeMount] map:mountPath merge:mountPath; workingDir string
  ContainerExtendedResourceRequest struct
    containerName! string; requestName! string; resourceName! string
  ContainerImage struct
    names [string]; sizeBytes int64
  ContainerPort struct
    containerPort! int32; hostIP string; hostPort int32; name string; protocol string ="TCP"
  ContainerResizePolicy struct
    resourceName! string; restartPolicy! string
  ContainerRestartRule struct
    action* string; exitCodes ContainerRestartRuleOnExitCodes
  ContainerRestartRuleOnExitCodes struct
    operator* string; values [int32] set
  ContainerState struct
    running ContainerStateRunning; terminated ContainerStateTerminated
    waiting ContainerStateWaiting
  ContainerStateRunning struct
    startedAt time
  ContainerStateTerminated struct
    containerID string; exitCode! int32; finishedAt time; message string; reason string; signal int32; startedAt time
  ContainerStateWaiting struct
    message string; reason string
  ContainerStatus struct
    allocatedResources {quantity}; allocatedResourcesStatus [ResourceStatus] map:name merge:name
    containerID string; image! string; imageID! string; lastState ContainerState; name! string; ready! bool
    resources ResourceRequirements; restartCount! int32; started bool; state ContainerState
    stopSignal string; user ContainerUser
    volumeMounts [VolumeMountStatus] map:mountPath merge:mountPath
  ContainerUser struct
    linux LinuxContainerUser
  DaemonEndpoint struct
    Port! int32
  DownwardAPIProjection struct
    items [DownwardAPIVolumeFile]
  DownwardAPIVolumeFile struct
    fieldRef ObjectFieldSelector; mode int32; path! string; resourceFieldRef ResourceFieldSelector
  DownwardAPIVolumeSource struct
    defaultMode int32; items [DownwardAPIVolumeFile]
  EmptyDirVolumeSource struct
    medium string; sizeLimit quantity
  EndpointAddress struct atomic
    hostname string; ip! string; nodeName string; targetRef ObjectReference
  EndpointPort struct atomic
    appProtocol string; name string; port! int32; protocol string
  EndpointSubset struct
    addresses [EndpointAddress]; notReadyAddresses [EndpointAddress]; ports [EndpointPort]
  Endpoints struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; subsets [EndpointSubset]
  EnvFromSource struct
    configMapRef ConfigMapEnvSource; prefix string; secretRef SecretEnvSource
  EnvVar struct
    name! string; value string; valueFrom EnvVarSource
  EnvVarSource struct
    configMapKeyRef ConfigMapKeySelector; fieldRef ObjectFieldSelector
    fileKeyRef FileKeySelector; resourceFieldRef ResourceFieldSelector
    secretKeyRef SecretKeySelector
  EphemeralContainer struct
    args [string]; command [string]; env [EnvVar] map:name merge:name; envFrom [EnvFromSource]
    image string; imagePullPolicy string; lifecycle Lifecycle; livenessProbe Probe; name! string
    ports [ContainerPort] map:containerPort:protocol merge:containerPort; readinessProbe Probe
    resizePolicy [ContainerResizePolicy]; resources ResourceRequirements; restartPolicy string
    restartPolicyRules [ContainerRestartRule]; securityContext SecurityContext
    startupProbe Probe; stdin bool; stdinOnce bool; targetContainerName string; terminationMessagePath string
    terminationMessagePolicy string; tty bool; volumeDevices [VolumeDevice] map:devicePath merge:devicePath
    volumeMounts [VolumeMount] map:mountPath merge:mountPath; workingDir string
  EphemeralVolumeSource struct
    volumeClaimTemplate PersistentVolumeClaimTemplate
  Event struct
    action string; apiVersion string; count int32; eventTime micro-time; firstTimestamp time
    involvedObject! ObjectReference; kind string; lastTimestamp time; message string
    metadata! meta.v1.ObjectMeta; reason string; related ObjectReference; reportingComponent string =""
    reportingInstance string =""; series EventSeries; source EventSource; type string
  EventSeries struct
    count int32; lastObservedTime micro-time
  EventSource struct
    component string; host string
  ExecAction struct
    command [string]
  FCVolumeSource struct
    fsType string; lun int32; readOnly bool; targetWWNs [string]; wwids [string]
  FileKeySelector struct atomic
    key! string; optional bool =false; path! string; volumeName! string
  FlexPersistentVolumeSource struct
    driver! string; fsType string; options {string}; readOnly bool; secretRef SecretReference
  FlexVolumeSource struct
    driver! string; fsType string; options {string}; readOnly bool; secretRef LocalObjectReference
  FlockerVolumeSource struct
    datasetName string; datasetUUID string
  GCEPersistentDiskVolumeSource struct
    fsType string; partition int32; pdName! string; readOnly bool
  GRPCAction struct
    port! int32; service string =""
  GitRepoVolumeSource struct
    directory string; repository! string; revision string
  GlusterfsPersistentVolumeSource struct
    endpoints! string; endpointsNamespace string; path! string; readOnly bool
  GlusterfsVolumeSource struct
    endpoints! string; path! string; readOnly bool
  HTTPGetAction struct
    host string; httpHeaders [HTTPHeader]; path string; port! int-or-string; scheme string
  HTTPHeader struct
    name! string; value! string
  HostAlias struct
    hostnames [string]; ip! string
  HostIP struct
    ip! string
  HostPathVolumeSource struct
    path! string; type string
  ISCSIPersistentVolumeSource struct
    chapAuthDiscovery bool; chapAuthSession bool; fsType string; initiatorName string; iqn! string
    iscsiInterface string ="default"; lun! int32; portals [string]; readOnly bool; secretRef SecretReference
    targetPortal! string
  ISCSIVolumeSource struct
    chapAuthDiscovery bool; chapAuthSession bool; fsType string; initiatorName string; iqn! string
    iscsiInterface string ="default"; lun! int32; portals [string]; readOnly bool
    secretRef LocalObjectReference; targetPortal! string
  ImageVolumeSource struct
    pullPolicy string; reference string
  KeyToPath struct
    key! string; mode int32; path! string
  Lifecycle struct
    postStart LifecycleHandler; preStop LifecycleHandler; stopSignal string
  LifecycleHandler struct
    exec ExecAction; httpGet HTTPGetAction; sleep SleepAction
    tcpSocket TCPSocketAction
  LimitRange struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec LimitRangeSpec
  LimitRangeItem struct
    default {quantity}; defaultRequest {quantity}; max {quantity}; maxLimitRequestRatio {quantity}; min {quantity}
    type! string
  LimitRangeSpec struct
    limits! [LimitRangeItem]
  LinuxContainerUser struct
    gid! int64; supplementalGroups [int64]; uid! int64
  LoadBalancerIngress struct
    hostname string; ip string; ipMode string; ports [PortStatus]
  LoadBalancerStatus struct
    ingress [LoadBalancerIngress]
  LocalObjectReference struct atomic
    name string =""
  LocalVolumeSource struct
    fsType string; path! string
  ModifyVolumeStatus struct
    status! string; targetVolumeAttributesClassName string
  NFSVolumeSource struct
    path! string; readOnly bool; server! string
  Namespace struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec NamespaceSpec
    status NamespaceStatus
  NamespaceCondition struct
    lastTransitionTime time; message string; reason string; status! string; type! string
  NamespaceSpec struct
    finalizers [string]
  NamespaceStatus struct
    conditions [NamespaceCondition] map:type merge:type; phase string
  Node struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec NodeSpec; status NodeStatus
  NodeAddress struct
    address! string; type! string
  NodeAffinity struct
    preferredDuringSchedulingIgnoredDuringExecution [PreferredSchedulingTerm]
    requiredDuringSchedulingIgnoredDuringExecution NodeSelector
  NodeCondition struct
    lastHeartbeatTime time; lastTransitionTime time; message string; reason string; status! string; type! string
  NodeConfigSource struct
    configMap ConfigMapNodeConfigSource
  NodeConfigStatus struct
    active NodeConfigSource; assigned NodeConfigSource; error string
    lastKnownGood NodeConfigSource
  NodeDaemonEndpoints struct
    kubeletEndpoint DaemonEndpoint
  NodeFeatures struct
    supplementalGroupsPolicy bool
  NodeRuntimeHandler struct
    features NodeRuntimeHandlerFeatures; name string =""
  NodeRuntimeHandlerFeatures struct
    recursiveReadOnlyMounts bool; userNamespaces bool
  NodeSelector struct atomic
    nodeSelectorTerms! [NodeSelectorTerm]
  NodeSelectorRequirement struct
    key! string; operator! string; values [string]
  NodeSelectorTerm struct atomic
    matchExpressions [NodeSelectorRequirement]; matchFields [NodeSelectorRequirement]
  NodeSpec struct
    configSource NodeConfigSource; externalID string; podCIDR string; podCIDRs [string] set merge
    providerID string; taints [Taint]; unschedulable bool
  NodeStatus struct
    addresses [NodeAddress] map:type merge:type; allocatable {quantity}; capacity {quantity}
    conditions [NodeCondition] map:type merge:type; config NodeConfigStatus
    daemonEndpoints NodeDaemonEndpoints; features NodeFeatures; images [ContainerImage]
    nodeInfo NodeSystemInfo; phase string; runtimeHandlers [NodeRuntimeHandler]
    volumesAttached [AttachedVolume]; volumesInUse [string]
  NodeSwapStatus struct
    capacity int64
  NodeSystemInfo struct
    architecture! string; bootID! string; containerRuntimeVersion! string; kernelVersion! string
    kubeProxyVersion! string; kubeletVersion! string; machineID! string; operatingSystem! string; osImage! string
    swap NodeSwapStatus; systemUUID! string
  ObjectFieldSelector struct atomic
    apiVersion string; fieldPath! string
  ObjectReference struct atomic
    apiVersion string; fieldPath string; kind string; name string; namespace string; resourceVersion string; uid string
  PersistentVolume struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec PersistentVolumeSpec
    status PersistentVolumeStatus
  PersistentVolumeClaim struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec PersistentVolumeClaimSpec
    status PersistentVolumeClaimStatus
  PersistentVolumeClaimCondition struct
    lastProbeTime time; lastTransitionTime time; message string; reason string; status! string; type! string
  PersistentVolumeClaimSpec struct
    accessModes [string]; dataSource TypedLocalObjectReference; dataSourceRef TypedObjectReference
    resources VolumeResourceRequirements; selector meta.v1.LabelSelector; storageClassName string
    volumeAttributesClassName string; volumeMode string; volumeName string
  PersistentVolumeClaimStatus struct
    accessModes [string]; allocatedResourceStatuses {string} granular; allocatedResources {quantity}
    capacity {quantity}; conditions [PersistentVolumeClaimCondition] map:type merge:type
    currentVolumeAttributesClassName string; modifyVolumeStatus ModifyVolumeStatus; phase string
  PersistentVolumeClaimTemplate struct
    metadata meta.v1.ObjectMeta; spec! PersistentVolumeClaimSpec
  PersistentVolumeClaimVolumeSource struct
    claimName! string; readOnly bool
  PersistentVolumeSpec struct
    accessModes [string]; awsElasticBlockStore AWSElasticBlockStoreVolumeSource
    azureDisk AzureDiskVolumeSource; azureFile AzureFilePersistentVolumeSource; capacity {quantity}
    cephfs CephFSPersistentVolumeSource; cinder CinderPersistentVolumeSource
    claimRef ObjectReference granular; csi CSIPersistentVolumeSource; fc FCVolumeSource
    flexVolume FlexPersistentVolumeSource; flocker FlockerVolumeSource
    gcePersistentDisk GCEPersistentDiskVolumeSource; glusterfs GlusterfsPersistentVolumeSource
    hostPath HostPathVolumeSource; iscsi ISCSIPersistentVolumeSource; local LocalVolumeSource
    mountOptions [string]; nfs NFSVolumeSource; nodeAffinity VolumeNodeAffinity
    persistentVolumeReclaimPolicy string; photonPersistentDisk PhotonPersistentDiskVolumeSource
    portworxVolume PortworxVolumeSource; quobyte QuobyteVolumeSource
    rbd RBDPersistentVolumeSource; scaleIO ScaleIOPersistentVolumeSource; storageClassName string
    storageos StorageOSPersistentVolumeSource; volumeAttributesClassName string; volumeMode string
    vsphereVolume VsphereVirtualDiskVolumeSource
  PersistentVolumeStatus struct
    lastPhaseTransitionTime time; message string; phase string; reason string
  PhotonPersistentDiskVolumeSource struct
    fsType string; pdID! string
  Pod struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec PodSpec; status PodStatus
  PodAffinity struct
    preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm]
    requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm]
  PodAffinityTerm struct
    labelSelector meta.v1.LabelSelector; matchLabelKeys [string]; mismatchLabelKeys [string]
    namespaceSelector meta.v1.LabelSelector; namespaces [string]; topologyKey! string
  PodAntiAffinity struct
    preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm]
    requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm]
  PodCertificateProjection struct
    certificateChainPath string; credentialBundlePath string; keyPath string; keyType* string
    maxExpirationSeconds int32; signerName* string
  PodCondition struct
    lastProbeTime time; lastTransitionTime time; message string; observedGeneration int64; reason string
    status! string; type! string
  PodDNSConfig struct
    nameservers [string]; options [PodDNSConfigOption]; searches [string]
  PodDNSConfigOption struct
    name string; value string
  PodExtendedResourceClaimStatus struct
    requestMappings! [ContainerExtendedResourceRequest]; resourceClaimName! string
  PodIP struct
    ip! string
  PodOS struct
    name! string
  PodReadinessGate struct
    conditionType! string
  PodResourceClaim struct
    name! string; resourceClaimName string; resourceClaimTemplateName string
  PodResourceClaimStatus struct
    name! string; resourceClaimName string
  PodSchedulingGate struct
    name! string
  PodSecurityContext struct
    appArmorProfile AppArmorProfile; fsGroup int64; fsGroupChangePolicy string; runAsGroup int64
    runAsNonRoot bool; runAsUser int64; seLinuxChangePolicy string; seLinuxOptions SELinuxOptions
    seccompProfile SeccompProfile; supplementalGroups [int64]; supplementalGroupsPolicy string
    sysctls [Sysctl]; windowsOptions WindowsSecurityContextOptions
  PodSpec struct
    activeDeadlineSeconds int64; affinity Affinity; automountServiceAccountToken bool
    containers! [Container] map:name merge:name; dnsConfig PodDNSConfig; dnsPolicy string
    enableServiceLinks bool; ephemeralContainers [EphemeralContainer] map:name merge:name
    hostAliases [HostAlias] map:ip merge:ip; hostIPC bool; hostNetwork bool; hostPID bool; hostUsers bool
    hostname string; hostnameOverride string; imagePullSecrets [LocalObjectReference] map:name merge:name
    initContainers [Container] map:name merge:name; nodeName string; nodeSelector {string} atomic
    os PodOS; overhead {quantity}; preemptionPolicy string; priority int32; priorityClassName string
    readinessGates [PodReadinessGate]; resourceClaims [PodResourceClaim] map:name merge:name retainKeys
    resources ResourceRequirements; restartPolicy string; runtimeClassName string; schedulerName string
    schedulingGates [PodSchedulingGate] map:name merge:name; securityContext PodSecurityContext
    serviceAccount string; serviceAccountName string; setHostnameAsFQDN bool; shareProcessNamespace bool
    subdomain string; terminationGracePeriodSeconds int64; tolerations [Toleration]
    topologySpreadConstraints [TopologySpreadConstraint] map:topologyKey:whenUnsatisfiable merge:topologyKey
    volumes [Volume] map:name merge:name retainKeys
  PodStatus struct
    conditions [PodCondition] map:type merge:type; containerStatuses [ContainerStatus]
    ephemeralContainerStatuses [ContainerStatus]
    extendedResourceClaimStatus PodExtendedResourceClaimStatus; hostIP string
    hostIPs [HostIP] merge:ip; initContainerStatuses [ContainerStatus]; message string
    nominatedNodeName string; observedGeneration int64; phase string; podIP string
    podIPs [PodIP] map:ip merge:ip; qosClass string; reason string; resize string
    resourceClaimStatuses [PodResourceClaimStatus] map:name merge:name retainKeys; startTime time
  PodTemplate struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; template PodTemplateSpec
  PodTemplateSpec struct
    metadata meta.v1.ObjectMeta; spec PodSpec
  PortStatus struct
    error string; port! int32; protocol! string
  PortworxVolumeSource struct
    fsType string; readOnly bool; volumeID! string
  PreferredSchedulingTerm struct
    preference! NodeSelectorTerm; weight! int32
  Probe struct
    exec ExecAction; failureThreshold int32; grpc GRPCAction; httpGet HTTPGetAction
    initialDelaySeconds int32; periodSeconds int32; successThreshold int32; tcpSocket TCPSocketAction
    terminationGracePeriodSeconds int64; timeoutSeconds int32
  ProjectedVolumeSource struct
    defaultMode int32; sources [VolumeProjection]
  QuobyteVolumeSource struct
    group string; readOnly bool; registry! string; tenant string; user string; volume! string
  RBDPersistentVolumeSource struct
    fsType string; image! string; keyring string ="/etc/ceph/keyring"; monitors! [string]; pool string ="rbd"
    readOnly bool; secretRef SecretReference; user string ="admin"
  RBDVolumeSource struct
    fsType string; image! string; keyring string ="/etc/ceph/keyring"; monitors! [string]; pool string ="rbd"
    readOnly bool; secretRef LocalObjectReference; user string ="admin"
  ReplicationController struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec ReplicationControllerSpec
    status ReplicationControllerStatus
  ReplicationControllerCondition struct
    lastTransitionTime time; message string; reason string; status! string; type! string
  ReplicationControllerSpec struct
    minReadySeconds int32 =0; replicas int32 =1; selector {string} atomic; template PodTemplateSpec
  ReplicationControllerStatus struct
    availableReplicas int32; conditions [ReplicationControllerCondition] map:type merge:type
    fullyLabeledReplicas int32; observedGeneration int64; readyReplicas int32; replicas! int32
  ResourceClaim struct
    name! string; request string
  ResourceFieldSelector struct atomic
    containerName string; divisor quantity; resource! string
  ResourceHealth struct
    health string; resourceID! string
  ResourceQuota struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec ResourceQuotaSpec
    status ResourceQuotaStatus
  ResourceQuotaSpec struct
    hard {quantity}; scopeSelector ScopeSelector; scopes [string]
  ResourceQuotaStatus struct
    hard {quantity}; used {quantity}
  ResourceRequirements struct
    claims [ResourceClaim] map:name; limits {quantity}; requests {quantity}
  ResourceStatus struct
    name! string; resources [ResourceHealth] map:resourceID
  SELinuxOptions struct
    level string; role string; type string; user string
  ScaleIOPersistentVolumeSource struct
    fsType string ="xfs"; gateway! string; protectionDomain string; readOnly bool; secretRef! SecretReference
    sslEnabled bool; storageMode string ="ThinProvisioned"; storagePool string; system! string; volumeName string
  ScaleIOVolumeSource struct
    fsType string ="xfs"; gateway! string; protectionDomain string; readOnly bool
    secretRef! LocalObjectReference; sslEnabled bool; storageMode string ="ThinProvisioned"; storagePool string
    system! string; volumeName string
  ScopeSelector struct atomic
    matchExpressions [ScopedResourceSelectorRequirement]
  ScopedResourceSelectorRequirement struct
    operator! string; scopeName! string; values [string]
  SeccompProfile struct
    localhostProfile string; type! string
  Secret struct
    apiVersion string; data {byte}; immutable bool; kind string; metadata meta.v1.ObjectMeta; stringData {string}
    type string
  SecretEnvSource struct
    name string =""; optional bool
  SecretKeySelector struct atomic
    key! string; name string =""; optional bool
  SecretProjection struct
    items [KeyToPath]; name string =""; optional bool
  SecretReference struct atomic
    name string; namespace string
  SecretVolumeSource struct
    defaultMode int32; items [KeyToPath]; optional bool; secretName string
  SecurityContext struct
    allowPrivilegeEscalation bool; appArmorProfile AppArmorProfile; capabilities Capabilities
    privileged bool; procMount string; readOnlyRootFilesystem bool; runAsGroup int64; runAsNonRoot bool
    runAsUser int64; seLinuxOptions SELinuxOptions; seccompProfile SeccompProfile
    windowsOptions WindowsSecurityContextOptions
  Service struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec ServiceSpec; status ServiceStatus
  ServiceAccount struct
    apiVersion string; automountServiceAccountToken bool; imagePullSecrets [LocalObjectReference]; kind string
    metadata meta.v1.ObjectMeta; secrets [ObjectReference] map:name merge:name
  ServiceAccountTokenProjection struct
    audience string; expirationSeconds int64; path! string
  ServicePort struct
    appProtocol string; name string; nodePort int32; port! int32; protocol string ="TCP"; targetPort int-or-string
  ServiceSpec struct
    allocateLoadBalancerNodePorts bool; clusterIP string; clusterIPs [string]; externalIPs [string]
    externalName string; externalTrafficPolicy string; healthCheckNodePort int32; internalTrafficPolicy string
    ipFamilies [string]; ipFamilyPolicy string; loadBalancerClass string; loadBalancerIP string
    loadBalancerSourceRanges [string]; ports [ServicePort] map:port:protocol merge:port
    publishNotReadyAddresses bool; selector {string} atomic; sessionAffinity string
    sessionAffinityConfig SessionAffinityConfig; trafficDistribution string; type string
  ServiceStatus struct
    conditions [meta.v1.Condition] map:type merge:type; loadBalancer LoadBalancerStatus
  SessionAffinityConfig struct
    clientIP ClientIPConfig
  SleepAction struct
    seconds! int64
  StorageOSPersistentVolumeSource struct
    fsType string; readOnly bool; secretRef ObjectReference; volumeName string; volumeNamespace string
  StorageOSVolumeSource struct
    fsType string; readOnly bool; secretRef LocalObjectReference; volumeName string; volumeNamespace string
  Sysctl struct
    name! string; value! string
  TCPSocketAction struct
    host string; port! int-or-string
  Taint struct
    effect! string; key! string; timeAdded time; value string
  Toleration struct
    effect string; key string; operator string; tolerationSeconds int64; value string
  TopologySelectorLabelRequirement struct
    key! string; values! [string]
  TopologySelectorTerm struct atomic
    matchLabelExpressions [TopologySelectorLabelRequirement]
  TopologySpreadConstraint struct
    labelSelector meta.v1.LabelSelector; matchLabelKeys [string]; maxSkew! int32; minDomains int32
    nodeAffinityPolicy string; nodeTaintsPolicy string; topologyKey! string; whenUnsatisfiable! string
  TypedLocalObjectReference struct atomic
    apiGroup string; kind! string; name! string
  TypedObjectReference struct
    apiGroup string; kind! string; name! string; namespace string
  Volume struct
    awsElasticBlockStore AWSElasticBlockStoreVolumeSource; azureDisk AzureDiskVolumeSource
    azureFile AzureFileVolumeSource; cephfs CephFSVolumeSource; cinder CinderVolumeSource
    configMap ConfigMapVolumeSource; csi CSIVolumeSource; downwardAPI DownwardAPIVolumeSource
    emptyDir EmptyDirVolumeSource; ephemeral EphemeralVolumeSource; fc FCVolumeSource
    flexVolume FlexVolumeSource; flocker FlockerVolumeSource
    gcePersistentDisk GCEPersistentDiskVolumeSource; gitRepo GitRepoVolumeSource
    glusterfs GlusterfsVolumeSource; hostPath HostPathVolumeSource; image ImageVolumeSource
    iscsi ISCSIVolumeSource; name! string; nfs NFSVolumeSource
    persistentVolumeClaim PersistentVolumeClaimVolumeSource
    photonPersistentDisk PhotonPersistentDiskVolumeSource; portworxVolume PortworxVolumeSource
    projected ProjectedVolumeSource; quobyte QuobyteVolumeSource; rbd RBDVolumeSource
    scaleIO ScaleIOVolumeSource; secret SecretVolumeSource; storageos StorageOSVolumeSource
    vsphereVolume VsphereVirtualDiskVolumeSource
  VolumeDevice struct
    devicePath! string; name! string
  VolumeMount struct
    mountPath! string; mountPropagation string; name! string; readOnly bool; recursiveReadOnly string; subPath string
    subPathExpr string
  VolumeMountStatus struct
    mountPath! string; name! string; readOnly bool; recursiveReadOnly string
  VolumeNodeAffinity struct
    required NodeSelector
  VolumeProjection struct
    clusterTrustBundle ClusterTrustBundleProjection; configMap ConfigMapProjection
    downwardAPI DownwardAPIProjection; podCertificate PodCertificateProjection
    secret SecretProjection; serviceAccountToken ServiceAccountTokenProjection
  VolumeResourceRequirements struct
    limits {quantity}; requests {quantity}
  VsphereVirtualDiskVolumeSource struct
    fsType string; storagePolicyID string; storagePolicyName string; volumePath! string
  WeightedPodAffinityTerm struct
    podAffinityTerm! PodAffinityTerm; weight! int32
  WindowsSecurityContextOptions struct
    gmsaCredentialSpec string; gmsaCredentialSpecName string; hostProcess bool; runAsUserName string
discovery.v1
  Endpoint struct
    addresses! [string] set; conditions EndpointConditions; deprecatedTopology {string}
    hints EndpointHints; hostname string; nodeName string; targetRef core.v1.ObjectReference; zone string
  EndpointConditions struct
    ready bool; serving bool; terminating bool
  EndpointHints struct
    forNodes [ForNode]; forZones [ForZone]
  EndpointPort struct atomic
    appProtocol string; name string; port int32; protocol string
  EndpointSlice struct
    addressType! string; apiVersion string; endpoints! [Endpoint]; kind string
    metadata meta.v1.ObjectMeta; ports [EndpointPort]
  ForNode struct
    name! string
  ForZone struct
    name! string
meta.v1
  Condition struct
    lastTransitionTime! time; message! string; observedGeneration int64; reason! string; status! string; type! string
  DeleteOptions struct
    apiVersion string; dryRun [string]; gracePeriodSeconds int64; ignoreStoreReadErrorWithClusterBreakingPotential bool
    kind string; orphanDependents bool; preconditions Preconditions; propagationPolicy string
  FieldSelectorRequirement struct
    key! string; operator! string; values [string]
  LabelSelector struct atomic
    matchExpressions [LabelSelectorRequirement]; matchLabels {string}
  LabelSelectorRequirement struct
    key! string; operator! string; values [string]
  ListMeta struct
    continue string; remainingItemCount int64; resourceVersion string; selfLink string
  ManagedFieldsEntry struct
    apiVersion string; fieldsType string; fieldsV1 any; manager string; operation string; subresource string; time time
  ObjectMeta struct
    annotations {string}; creationTimestamp time; deletionGracePeriodSeconds int64; deletionTimestamp time
    finalizers [string] set merge; generateName string; generation int64; labels {string}
    managedFields [ManagedFieldsEntry]; name string; namespace string
    ownerReferences [OwnerReference] map:uid merge:uid; resourceVersion string; selfLink string; uid string
  OwnerReference struct atomic
    apiVersion! string; blockOwnerDeletion bool; controller bool; kind! string; name! string; uid! string
  Preconditions struct
    resourceVersion string; uid string
networking.v1
  HTTPIngressPath struct
    backend! IngressBackend; path string; pathType* string
  HTTPIngressRuleValue struct
    paths! [HTTPIngressPath]
  IPBlock struct
    cidr! string; except [string]
  Ingress struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec IngressSpec
    status IngressStatus
  IngressBackend struct
    resource core.v1.TypedLocalObjectReference; service IngressServiceBackend
  IngressClass struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec IngressClassSpec
  IngressClassParametersReference struct
    apiGroup string; kind! string; name! string; namespace string; scope string
  IngressClassSpec struct
    controller string; parameters IngressClassParametersReference
  IngressLoadBalancerIngress struct
    hostname string; ip string; ports [IngressPortStatus]
  IngressLoadBalancerStatus struct
    ingress [IngressLoadBalancerIngress]
  IngressPortStatus struct
    error string; port! int32; protocol! string
  IngressRule struct
    host string; http HTTPIngressRuleValue
  IngressServiceBackend struct
    name! string; port ServiceBackendPort
  IngressSpec struct
    defaultBackend IngressBackend; ingressClassName string; rules [IngressRule]
    tls [IngressTLS]
  IngressStatus struct
    loadBalancer IngressLoadBalancerStatus
  IngressTLS struct
    hosts [string]; secretName string
  NetworkPolicy struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec NetworkPolicySpec
  NetworkPolicyEgressRule struct
    ports [NetworkPolicyPort]; to [NetworkPolicyPeer]
  NetworkPolicyIngressRule struct
    from [NetworkPolicyPeer]; ports [NetworkPolicyPort]
  NetworkPolicyPeer struct
    ipBlock IPBlock; namespaceSelector meta.v1.LabelSelector; podSelector meta.v1.LabelSelector
  NetworkPolicyPort struct
    endPort int32; port int-or-string; protocol string
  NetworkPolicySpec struct
    egress [NetworkPolicyEgressRule]; ingress [NetworkPolicyIngressRule]
    podSelector meta.v1.LabelSelector; policyTypes [string]
  ServiceBackendPort struct atomic
    name string; number int32
policy.v1
  Eviction struct
    apiVersion string; deleteOptions meta.v1.DeleteOptions; kind string; metadata meta.v1.ObjectMeta
  PodDisruptionBudget struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; spec PodDisruptionBudgetSpec
    status PodDisruptionBudgetStatus
  PodDisruptionBudgetSpec struct
    maxUnavailable int-or-string; minAvailable int-or-string; selector meta.v1.LabelSelector replace
    unhealthyPodEvictionPolicy string
  PodDisruptionBudgetStatus struct
    conditions [meta.v1.Condition] map:type merge:type; currentHealthy! int32; desiredHealthy! int32
    disruptedPods {time}; disruptionsAllowed! int32; expectedPods! int32; observedGeneration int64
rbac.v1
  AggregationRule struct
    clusterRoleSelectors [meta.v1.LabelSelector]
  ClusterRole struct
    aggregationRule AggregationRule; apiVersion string; kind string; metadata meta.v1.ObjectMeta
    rules [PolicyRule]
  ClusterRoleBinding struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; roleRef! RoleRef; subjects [Subject]
  PolicyRule struct
    apiGroups [string]; nonResourceURLs [string]; resourceNames [string]; resources [string]; verbs! [string]
  Role struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; rules [PolicyRule]
  RoleBinding struct
    apiVersion string; kind string; metadata meta.v1.ObjectMeta; roleRef! RoleRef; subjects [Subject]
  RoleRef struct atomic
    apiGroup! string; kind! string; name! string
  Subject struct atomic
    apiGroup string; kind! string; name! string; namespace string
scheduling.v1
  PriorityClass struct
    apiVersion string; description string; globalDefault bool; kind string; metadata meta.v1.ObjectMeta
    preemptionPolicy string; value! int32
storage.v1
  StorageClass struct
    allowVolumeExpansion bool; allowedTopologies [core.v1.TopologySelectorTerm]; apiVersion string; kind string
    metadata meta.v1.ObjectMeta; mountOptions [string]; parameters {string}; provisioner! string; reclaimPolicy string
    volumeBindingMode string
`
