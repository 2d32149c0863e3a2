import type { SecretText } from '@nexus/core'
import type { KubeClient } from '@nexus/kube'
import type { KeyCheck } from '@nexus/nim-serving'
import type { DashboardDeployment } from './contract.ts'

/** One line of a deployment's details. */
export interface DetailsRow {
  readonly label: string
  readonly value: string
}

/** What a dashboard lends the extensions. */
export interface NIMHost {
  /** The cluster as the signed-in user: `createSdkKubeClient` over the SDK's functions, or any other client. */
  readonly kube: KubeClient
  /** Asks NVIDIA about a key, through a backend: browsers cannot. */
  readonly checkKey: (key: SecretText, signal?: AbortSignal) => Promise<KeyCheck>
  /** Who is named in the Secrets as the one who gave the key. */
  readonly user: string
  /** Where the template is. Default that of the package. */
  readonly platformNamespace?: string | undefined
  /** React's hook: the extensions do not bring React along. */
  readonly useSyncExternalStore: <T>(subscribe: (changed: () => void) => () => void, read: () => T) => T
  /** Makes a React component out of rows that are read when it is shown. */
  readonly detailsComponent: (
    rows: (deployment: DashboardDeployment) => Promise<readonly DetailsRow[]>,
  ) => (props: { readonly deployment: DashboardDeployment }) => unknown
}
