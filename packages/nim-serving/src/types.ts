import type { CatalogModel } from '@nexus/catalog'
import type { SecretText } from '@nexus/core'
import type {
  EnvVar,
  InferenceService,
  KubeObject,
  PersistentVolumeClaim,
  Pod,
  Quantity,
  Secret,
  ServingRuntime,
  Toleration,
} from '@nexus/kube'

/** What a deployment needs to know of a catalog model. */
export type DeployableModel = Pick<CatalogModel, 'name' | 'namespace'>

/** A model's PVC: made for it, or one that is there. `pvc` is its name; `subPath` a folder of it, relative. */
export type StorageInput =
  | {
      readonly mode: 'new'
      readonly pvc: string
      readonly subPath?: string | undefined
      /** Size asked for, e.g. `100Gi`; undefined: 50Gi for a new PVC, whatever an existing one of the name has. */
      readonly size?: string | undefined
      /** The cluster's default when left out. */
      readonly storageClass?: string | undefined
    }
  | { readonly mode: 'existing'; readonly pvc: string; readonly subPath?: string | undefined }

/** Sizes of one replica, GPUs included. */
export interface ResourcesInput {
  readonly requests: Readonly<Record<string, Quantity>>
  readonly limits: Readonly<Record<string, Quantity>>
}

/** The hardware profile a deployment was sized by, as its annotations name it. */
export interface HardwareProfileRef {
  readonly name: string
  readonly namespace: string
  /** That of the profile when it was read; undefined for one that is no object of the cluster. */
  readonly resourceVersion?: string | undefined
}

/** Where the pods may run. */
export interface PlacementInput {
  readonly tolerations: readonly Toleration[]
  readonly nodeSelector: Readonly<Record<string, string>>
  /** The Kueue queue that admits the pods, where a profile asks for one. */
  readonly queue?: string | undefined
}

/** The other objects a deployment's own ones name. */
export interface NameInput {
  readonly runtime: string
  /** Undefined on clusters that hold no keys: the container then gets none. */
  readonly apiKeySecret?: string | undefined
  readonly pullSecret?: string | undefined
}

/**
 * What a deployment is made from: a request after parsing, or what `extractFormData` reads back out of a deployment.
 * Names are those of the objects, defaults are filled in.
 */
export interface DeployInput {
  readonly name: string
  readonly project: string
  readonly model: DeployableModel
  readonly tag: string
  /** The registry's host with an optional path, `nvcr.io` or a mirror. */
  readonly registry: string
  readonly displayName: string
  readonly description: string
  readonly minReplicas: number
  readonly maxReplicas: number
  readonly resources: ResourcesInput
  readonly hardwareProfile?: HardwareProfileRef | undefined
  readonly placement: PlacementInput
  readonly storage: StorageInput
  readonly env: readonly EnvVar[]
  readonly args: readonly string[]
  readonly strategy: 'RollingUpdate' | 'Recreate'
  /** Whether it is reachable from outside the cluster. */
  readonly externalRoute: boolean
  /** Whether a bearer token is asked for. Enforced by the cluster's model controller, where it has one. */
  readonly auth: boolean
  /** Display names of the tokens; used with `auth`. */
  readonly tokens: readonly string[]
  readonly names: NameInput
}

/** The objects of one deployment, as they are created. */
export interface NIMResources {
  readonly apiKeySecret: Secret
  readonly pullSecret: Secret
  /** Undefined where an existing PVC is used. */
  readonly pvc: PersistentVolumeClaim | undefined
  readonly runtime: ServingRuntime
  readonly isvc: InferenceService
  /** ServiceAccount, Role, RoleBinding and tokens of callers; empty without token authentication. */
  readonly tokenAuth: readonly KubeObject[]
}

/** The two objects that say what runs, as an applier may change them before they are saved. */
export interface ServingObjects {
  readonly runtime: ServingRuntime
  readonly isvc: InferenceService
}

/** A key and who gave it. */
export interface KeyInput {
  readonly key: SecretText
  /** Who is named in the Secret's annotation, e.g. a user name. */
  readonly setBy: string
}

/** One object, for people and reports: never its content. */
export interface ResourceName {
  readonly kind: string
  readonly name: string
  readonly namespace?: string | undefined
}

/** Names a deployment. */
export interface DeploymentRef {
  readonly name: string
  readonly project: string
}

/** What a deployment's state is read from. */
export interface DeploymentParts {
  readonly isvc: InferenceService
  readonly runtime: ServingRuntime | undefined
  readonly pods: readonly Pod[]
  readonly pvc: PersistentVolumeClaim | undefined
}
