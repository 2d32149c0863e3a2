/** Any object the API server stores, as plain JSON. */
export interface ApiObject {
  apiVersion: string
  kind: string
  metadata: ApiMetadata
  [field: string]: unknown
}

export interface ApiMetadata {
  name: string
  namespace?: string
  generateName?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: {
    apiVersion: string
    kind: string
    name: string
    uid: string
    controller?: boolean
    blockOwnerDeletion?: boolean
  }[]
  finalizers?: string[]
  managedFields?: unknown[]
}
