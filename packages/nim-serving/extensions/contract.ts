import type { InferenceService, KubeObject, ServingRuntime } from '@nexus/kube'

// What the Open Data Hub dashboard's model serving plugins give and take (opendatahub-io/odh-dashboard, August 2026), as
// far as a NIM deployment needs it: our own declarations, so that this package builds without the dashboard. Where the
// dashboard of January 2026 differs it is said.

/** A value that is loaded when the dashboard first needs it. */
export type CodeRef<T> = () => Promise<T>

/** One entry of a plugin's extension list. */
export interface Extension<Type extends string, Properties> {
  readonly type: Type
  readonly properties: Properties
  /** Areas of the dashboard that must be on; the plugin store drops the extension otherwise. */
  readonly flags: { readonly required: readonly string[] }
}

/** A deployment as every platform of the dashboard shows it. */
export interface DashboardDeployment {
  /** The id of the platform it belongs to. */
  readonly modelServingPlatformId: string
  readonly model: InferenceService
  readonly server?: ServingRuntime
  readonly status?: DashboardStatus
  readonly endpoints?: readonly DashboardEndpoint[]
  readonly apiProtocol?: string
}

export interface DashboardStatus {
  readonly state: 'Pending' | 'Loading' | 'Loaded' | 'FailedToLoad' | 'Unknown'
  readonly message?: string
  readonly stoppedStates?: {
    readonly isRunning: boolean
    readonly isStarting: boolean
    readonly isStopping: boolean
    readonly isStopped: boolean
  }
}

export interface DashboardEndpoint {
  readonly type: 'internal' | 'external'
  readonly url?: string
  readonly error?: string
}

/** The wizard's form, of which only the fields that a NIM deployment reads. All may be missing while it is filled in. */
export interface WizardState {
  readonly k8sNameDesc?: {
    readonly data?: {
      readonly name?: string
      readonly description?: string
      readonly k8sName?: { readonly value?: string }
    }
  }
  readonly modelLocationData?: { readonly data?: { readonly type?: string } }
  readonly hardwareProfileConfig?: {
    readonly formData?: {
      readonly selectedProfile?: { readonly metadata: { readonly name: string; readonly namespace?: string } }
      /** The sizes of a deployment that was not sized by a profile; they stay. */
      readonly useExistingSettings?: boolean
      readonly resources?: DashboardResources
    }
  }
  readonly numReplicas?: { readonly data?: number }
  readonly runtimeArgs?: { readonly data?: RuntimeArgs }
  readonly environmentVariables?: { readonly data?: EnvironmentVariables }
  readonly externalRoute?: { readonly data?: boolean }
  readonly tokenAuthentication?: { readonly data?: readonly { readonly displayName: string }[] }
  readonly deploymentStrategy?: { readonly data?: 'rolling' | 'recreate' }
  /** Token authentication makes a Role and a RoleBinding; who may not gets none. */
  readonly canCreateRoleBindings?: boolean
  readonly 'nim-serving/nimImage'?: { readonly repository: string; readonly tag: string }
  readonly 'nim-serving/pvcStorage'?: PVCStorage
  /** A field of this package's own: the personal key. It leaves the form only towards the deployment's Secrets. */
  readonly 'nim-serving/apiKey'?: { readonly key: string }
}

export interface DashboardResources {
  readonly requests?: Readonly<Record<string, string | number>>
  readonly limits?: Readonly<Record<string, string | number>>
}

export interface RuntimeArgs {
  readonly enabled: boolean
  readonly args: readonly string[]
}

export interface EnvironmentVariables {
  readonly enabled: boolean
  readonly variables: readonly { readonly name: string; readonly value: string }[]
}

export interface PVCStorage {
  readonly storageMode: 'new' | 'existing'
  readonly pvcName: string
  readonly subPath?: string
  readonly storageClassName?: string
  readonly storageSizeGi?: number
}

/** What runs every active field's own change over the assembled deployment before it is saved. */
export type ApplyFieldDataFn = (deployment: DashboardDeployment) => DashboardDeployment

/** How a wizard calls `deploy`, in August 2026: twelve parameters. */
export type DeployParameters = readonly [
  wizardData: WizardState,
  externalData: Readonly<Record<string, unknown>> | undefined,
  projectName: string,
  existingDeployment?: DashboardDeployment | undefined,
  modelResource?: InferenceService | undefined,
  serverResource?: ServingRuntime | undefined,
  serverResourceTemplateName?: string | undefined,
  dryRun?: boolean | undefined,
  secretName?: string | undefined,
  overwrite?: boolean | undefined,
  initialWizardData?: InitialWizardData | undefined,
  applyFieldData?: ApplyFieldDataFn | undefined,
]

/** The same in January 2026: ten, without external data and without an assembled model. */
export type OlderDeployParameters = readonly [
  wizardData: WizardState,
  projectName: string,
  existingDeployment?: DashboardDeployment | undefined,
  serverResource?: ServingRuntime | undefined,
  serverResourceTemplateName?: string | undefined,
  dryRun?: boolean | undefined,
  secretName?: string | undefined,
  overwrite?: boolean | undefined,
  initialWizardData?: InitialWizardData | undefined,
  applyFieldData?: ApplyFieldDataFn | undefined,
]

export interface InitialWizardData {
  /** January 2026 only: labels that are merged into the model. */
  readonly transformData?: { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } }
}

export type DeployFn = (...parameters: DeployParameters | OlderDeployParameters) => Promise<DashboardDeployment>

/** Whether an extension handles what is in the form; the active one of highest priority deploys. */
export type IsActiveFn = (
  state: WizardState,
  resources?: { readonly model?: KubeObject | undefined; readonly server?: KubeObject | undefined },
) => boolean

export type DeployExtension = Extension<
  'model-serving.deployment/deploy',
  {
    readonly platform: string
    readonly priority: number
    /** Offers "force update" after a 409. */
    readonly supportsOverwrite: boolean
    readonly isActive: CodeRef<IsActiveFn>
    readonly deploy: CodeRef<DeployFn>
  }
>

/** What the wizard fills its fields with when a deployment is edited. */
export interface FormDataProperties {
  readonly platform: string
  readonly priority: number
  readonly isActive: CodeRef<(deployment: DashboardDeployment) => boolean>
  /** Where in the model a profile's parts are written. */
  readonly hardwareProfilePaths: CodeRef<{
    readonly containerResourcesPath: string
    readonly tolerationsPath: string
    readonly nodeSelectorPath: string
  }>
  readonly extractHardwareProfileConfig: CodeRef<
    (deployment: DashboardDeployment) => {
      readonly data: {
        readonly name: string | undefined
        readonly resources: DashboardResources
        readonly namespace: string | undefined
      }
    }
  >
  readonly extractModelFormat: CodeRef<(deployment: DashboardDeployment) => { readonly name: string } | null>
  readonly extractReplicas: CodeRef<(deployment: DashboardDeployment) => { readonly data: number | null }>
  readonly extractRuntimeArgs: CodeRef<(deployment: DashboardDeployment) => RuntimeArgs | null>
  readonly extractEnvironmentVariables: CodeRef<(deployment: DashboardDeployment) => EnvironmentVariables | null>
  readonly extractModelAvailabilityData: CodeRef<
    (deployment: DashboardDeployment) => { readonly saveAsAiAsset: boolean; readonly useCase?: string } | null
  >
  readonly extractModelLocationData: CodeRef<
    (deployment: DashboardDeployment) => {
      readonly type: string
      readonly fieldValues: Readonly<Record<string, never>>
      readonly additionalFields: Readonly<Record<string, never>>
    } | null
  >
  readonly extractDeploymentStrategy: CodeRef<(deployment: DashboardDeployment) => 'rolling' | 'recreate' | null>
}

export type FormDataExtension = Extension<'model-serving.deployment/form-data', FormDataProperties>

/** Fills one field of the wizard from a deployment. */
export type FieldExtractorExtension = Extension<
  'model-serving.deployment/wizard-field-extractor',
  {
    readonly fieldId: string
    readonly platform: string
    readonly extract: CodeRef<(deployment: DashboardDeployment) => unknown>
  }
>

/** What a watch of deployments gives a component at each look; `loaded` becomes true also where everything fails. */
export type WatchResult = readonly [
  deployments: readonly DashboardDeployment[] | undefined,
  loaded: boolean,
  errors: readonly Error[] | undefined,
]

/** A React hook. */
export type WatchFn = (
  project: { readonly metadata: { readonly name: string } } | undefined,
  labelSelectors?: Readonly<Record<string, string>>,
  filterFn?: (model: InferenceService) => boolean,
) => WatchResult

export type WatchDeploymentsExtension = Extension<
  'model-serving.platform/watch-deployments',
  { readonly platform: string; readonly watch: CodeRef<WatchFn> }
>

export type ServingRuntimeDetailsExtension = Extension<
  'model-serving.deployed-model/serving-runtime',
  {
    readonly platform: string
    /** A React component; the host makes it out of the rows. */
    readonly ServingDetailsComponent: CodeRef<(props: { readonly deployment: DashboardDeployment }) => unknown>
  }
>

export type DeleteExtension = Extension<
  'model-serving.platform/delete-deployment',
  {
    readonly platform: string
    readonly title: string
    readonly submitButtonLabel: string
    readonly onDelete: CodeRef<(deployment: DashboardDeployment) => Promise<void>>
  }
>

export type StartStopExtension = Extension<
  'model-serving.deployments-table/start-stop-action',
  {
    readonly platform: string
    readonly patchDeploymentStoppedStatus: CodeRef<
      (deployment: DashboardDeployment, isStopped: boolean) => Promise<InferenceService>
    >
  }
>

export type FetchStatusExtension = Extension<
  'model-serving.platform/fetch-deployment-status',
  {
    readonly platform: string
    readonly fetch: CodeRef<(name: string, namespace: string) => Promise<DashboardDeployment | null>>
  }
>

export type AuthExtension = Extension<
  'model-serving.auth',
  { readonly platform: string; readonly usePlatformAuthEnabled: CodeRef<(deployment?: DashboardDeployment) => boolean> }
>

export type PlatformExtension = Extension<
  'model-serving.platform',
  {
    readonly id: string
    readonly manage: {
      readonly namespaceApplicationCase: string
      readonly priority: number
      readonly projectRequirements: {
        readonly annotations: Readonly<Record<string, string>>
        readonly labels: Readonly<Record<string, string>>
      }
      readonly clusterRequirements: { readonly integrationAppName: string }
    }
    readonly enableCardText: {
      readonly title: string
      readonly description: string
      readonly selectText: string
      readonly enabledText: string
      readonly objectType: string
    }
    readonly deployedModelsView: {
      readonly startHintTitle: string
      readonly startHintDescription: string
      readonly deployButtonText: string
    }
  }
>

export type NIMExtension =
  | PlatformExtension
  | DeployExtension
  | FormDataExtension
  | FieldExtractorExtension
  | WatchDeploymentsExtension
  | ServingRuntimeDetailsExtension
  | DeleteExtension
  | StartStopExtension
  | FetchStatusExtension
  | AuthExtension
