import type { CatalogModel } from '@nexus/catalog'
import type { DeploymentName, ProjectName, SecretText } from '@nexus/core'
import type { InferenceService, PersistentVolumeClaim, Pod, Quantity, Secret, ServingRuntime } from '@nexus/kube'

/** What a deployment needs to know of a catalog model. */
export type DeployableModel = Pick<CatalogModel, 'name' | 'namespace'>

/** A model's PVC: made for it, or one that is there. */
export type StorageInput =
  | {
      readonly mode: 'new'
      /** Size asked for, e.g. `100Gi`; undefined: 50Gi for a new PVC, whatever an existing one of the name has. */
      readonly size?: string | undefined
      /** The cluster's default when left out. */
      readonly storageClass?: string | undefined
    }
  | {
      readonly mode: 'existing'
      readonly pvc: string
      /** A folder of the PVC, relative. */
      readonly subPath?: string | undefined
    }

/** A request after parsing: names are valid, defaults are filled in. */
export interface DeployInput {
  readonly name: DeploymentName
  readonly project: ProjectName
  readonly model: DeployableModel
  readonly tag: string
  /** The registry's host, `nvcr.io` or a mirror. */
  readonly registry: string
  readonly displayName: string
  readonly description: string
  readonly replicas: number
  readonly gpus: number
  readonly resources: { readonly requests: Record<string, Quantity>; readonly limits: Record<string, Quantity> }
  readonly storage: StorageInput
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly args: readonly string[]
  readonly strategy: 'RollingUpdate' | 'Recreate'
}

/** The objects of one deployment, as they are created. */
export interface NIMResources {
  readonly apiKeySecret: Secret
  readonly pullSecret: Secret
  /** Undefined where an existing PVC is used. */
  readonly pvc: PersistentVolumeClaim | undefined
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
