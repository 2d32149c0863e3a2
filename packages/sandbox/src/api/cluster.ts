import type { Authenticator } from './authentication/authenticator.ts'
import type { User } from './authentication/user.ts'
import type { Authorizer } from './authorization/authorizer.ts'
import type { ObjectPath } from './http/path.ts'
import type { FieldValidation } from './objects/field-validation.ts'
import type { ResourceRegistry } from './resources/registry.ts'
import type { Resource } from './resources/resource.ts'
import type { ObjectStore } from './store/store.ts'

/** What every request works on. */
export interface Cluster {
  readonly store: ObjectStore
  readonly registry: ResourceRegistry
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly clock: () => Date
  /** What the server proves itself with to kubelets. */
  readonly kubeletToken?: string | undefined
  /** Hears of errors that are the server's own fault. */
  readonly onFault: (error: unknown) => void
}

/** One request for objects, after its path and query have been read. */
export interface Call {
  readonly cluster: Cluster
  readonly resource: Resource
  readonly path: ObjectPath
  readonly query: URLSearchParams
  readonly user: User
  /** The client's own name for itself; empty where it has none. */
  readonly userAgent: string
  /** Of writes: what happens to fields that do not belong into the body. */
  readonly fieldValidation: FieldValidation
  /** Of writes: what the body names twice, as the API server says it. */
  readonly duplicates: readonly string[]
  /** What the client is warned of with the answer. */
  readonly warnings: string[]
}

/** The time as objects carry it: RFC 3339 in whole seconds. */
export function timestamp(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z')
}
