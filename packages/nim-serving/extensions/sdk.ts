import type { JsonPatchOperation, KubeObject } from '@nexus/kube'

// The functions of @openshift/dynamic-plugin-sdk-utils with which a dashboard's plugin reaches its cluster, by the shape we
// call them in: the host hands them in, so that this package does not depend on React and a console's fetch.

/** A kind as the SDK names it; the core group has no `apiGroup`. */
export interface SdkModel {
  readonly apiGroup?: string
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
  readonly namespaced?: boolean
}

export interface SdkQueryOptions {
  readonly ns?: string
  readonly name?: string
  /** A subresource. */
  readonly path?: string
  readonly queryParams?: Record<string, string>
}

export interface SdkOptions {
  readonly model: SdkModel
  readonly queryOptions?: SdkQueryOptions
  readonly fetchOptions?: { readonly requestInit: RequestInit }
}

/** The part of the SDK that a client of the Kubernetes API needs. */
export interface SdkUtils {
  readonly k8sGetResource: (options: SdkOptions) => Promise<unknown>
  readonly k8sListResource: (options: SdkOptions) => Promise<unknown>
  readonly k8sCreateResource: (options: SdkOptions & { readonly resource: KubeObject }) => Promise<unknown>
  readonly k8sUpdateResource: (options: SdkOptions & { readonly resource: KubeObject }) => Promise<unknown>
  /** JSON patches only. */
  readonly k8sPatchResource: (options: SdkOptions & { readonly patches: JsonPatchOperation[] }) => Promise<unknown>
  readonly k8sDeleteResource: (options: SdkOptions & { readonly payload?: object }) => Promise<unknown>
  readonly getK8sResourceURL: (model: SdkModel, resource: undefined, query: SdkQueryOptions) => string
  /** `fetch` with the console's credentials, rejecting for statuses of 400 and above; a timeout of -1 waits for ever. */
  readonly commonFetch: (url: string, init: RequestInit, timeoutMs?: number) => Promise<Response>
}
