export { refTo } from './client.ts'
export type {
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  JsonPatchOperation,
  Kind,
  KubeClient,
  List,
  ListQuery,
  ObjectRef,
  Patch,
  Subresource,
  WatchEvent,
  WriteOptions,
} from './client.ts'
export { isAlreadyExists, isConflict, isForbidden, isNotFound, KubeApiError } from './errors.ts'
export type { KubeApiErrorCode, KubeRequest, KubeStatus } from './errors.ts'
export { startInformer } from './informer.ts'
export type { Informer, InformerChange, InformerListener, InformerOptions } from './informer.ts'
export { matchesLabels } from './labels.ts'
export type { LabelRequirement, LabelSelector } from './labels.ts'
export { applyJsonPatch, createJsonPatch } from './json-patch.ts'
export { Kinds, knownKind } from './kinds/index.ts'
export type * from './kinds/affinity.ts'
export type * from './kinds/batch.ts'
export type * from './kinds/core.ts'
export type * from './kinds/serving.ts'
export type * from './kinds/stateful-set.ts'
export type * from './kinds/workloads.ts'
export type { Condition, KubeObject, ObjectMeta, OwnerReference, UnknownObject } from './objects.ts'
export { ownerReferenceTo } from './owner-reference.ts'
export { addAmounts, amountsOf, podRequests } from './pod-requests.ts'
export type { Amounts } from './pod-requests.ts'
export { compareQuantities, parseQuantity } from './quantity.ts'
export type { ParsedQuantity } from './quantity.ts'
export { rolloutBounds } from './rollout-bounds.ts'
export type { RolloutBounds } from './rollout-bounds.ts'
export { repels } from './taints.ts'
export { withDryRun } from './with-dry-run.ts'
export { withFieldManager } from './with-field-manager.ts'
export { NamespaceError, withNamespace } from './with-namespace.ts'
export { watchObjects } from './watch/watch.ts'
export type { WatchSource } from './watch/watch.ts'
