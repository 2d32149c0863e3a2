import { NexusError } from '@nexus/core'

export type KubeConfigErrorCode =
  /** No kubeconfig file and no ServiceAccount: nothing says where a cluster is. */
  | 'NEXUS_KUBECONFIG_NOT_FOUND'
  /** A file that is named cannot be read: the kubeconfig itself, a certificate, a token. */
  | 'NEXUS_KUBECONFIG_UNREADABLE'
  /** A file is not YAML, or not a kubeconfig. */
  | 'NEXUS_KUBECONFIG_MALFORMED'
  /** No such context, none chosen, or a context whose cluster or user is missing. */
  | 'NEXUS_KUBECONFIG_CONTEXT'
  /** The context asks for something this client does not do. */
  | 'NEXUS_KUBECONFIG_UNSUPPORTED'
  /** The program or file that gives the credentials failed. */
  | 'NEXUS_KUBECONFIG_CREDENTIALS'

/** Where the cluster is, or how to log in to it, cannot be told. Raised before any request, or while credentials are made. */
export class KubeConfigError extends NexusError<KubeConfigErrorCode> {
  override readonly name = 'KubeConfigError'
}
