import type { ResourceName } from '../types.ts'

/** What a deploy or a delete reports as it happens, each after it has happened. */
export type ProgressEvent =
  | { readonly type: 'key-checked' }
  | { readonly type: 'key-check-skipped' }
  | { readonly type: 'template-read'; readonly namespace: string }
  /** Found and left as it is. */
  | { readonly type: 'reused'; readonly resource: ResourceName }
  /** The server would accept these objects. */
  | { readonly type: 'checked'; readonly resources: readonly ResourceName[] }
  | { readonly type: 'created'; readonly resource: ResourceName }
  | { readonly type: 'changed'; readonly resource: ResourceName }
  /** A deployment that was stopped starts. */
  | { readonly type: 'restarted'; readonly resource: ResourceName }
  /** A Secret goes with the InferenceService from now on. */
  | { readonly type: 'owned'; readonly resource: ResourceName }
  | { readonly type: 'rolling-back'; readonly because: string }
  | { readonly type: 'removed'; readonly resource: ResourceName }
  | { readonly type: 'kept'; readonly resource: ResourceName; readonly because: string }

/** Receives progress; must not throw. */
export type Report = (event: ProgressEvent) => void
