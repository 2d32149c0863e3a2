import type { SecretText } from '@nexus/core'

/** How a client proves who it is. */
export type KubeAuth =
  | { readonly type: 'none' }
  | { readonly type: 'token'; readonly token: SecretText }
  /** A file whose token is replaced while we run (projected ServiceAccount tokens); read again every minute. */
  | { readonly type: 'token-file'; readonly path: string }
  /** PEM texts. */
  | { readonly type: 'client-certificate'; readonly certificate: string; readonly key: SecretText }
  | { readonly type: 'basic'; readonly username: string; readonly password: SecretText }
  /** Credentials made by a program when they are needed (`exec` and `auth-provider` users of a kubeconfig). */
  | { readonly type: 'plugin'; readonly credentials: () => Promise<PluginCredentials> }

/** What a credential plugin gave; it decides itself when to make new ones. */
export interface PluginCredentials {
  readonly authorization?: string | undefined
  readonly certificate?: string | undefined
  readonly key?: SecretText | undefined
}

/** All that it takes to talk to one API server. */
export interface ClusterAccess {
  /** `https://host:port`, with a path where a proxy serves several clusters. */
  readonly server: string
  readonly auth: KubeAuth
  /** PEM of the authorities that may sign the server's certificate. Default: those Node trusts. */
  readonly ca?: string | undefined
  /** Accept any certificate. Default false. */
  readonly skipTlsVerify?: boolean | undefined
  /** The name the server's certificate is checked against, where it is not the host's. */
  readonly tlsServerName?: string | undefined
}
