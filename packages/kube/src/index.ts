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
export { isAlreadyExists, isConflict, isNotFound, KubeApiError } from './errors.ts'
export type { KubeApiErrorCode, KubeRequest, KubeStatus } from './errors.ts'
export { startInformer } from './informer.ts'
export type { Informer, InformerChange, InformerListener, InformerOptions } from './informer.ts'
export { matchesLabels } from './labels.ts'
export type { LabelRequirement, LabelSelector } from './labels.ts'
export { Kinds, knownKind } from './kinds/index.ts'
export type * from './kinds/core.ts'
export type * from './kinds/serving.ts'
export type * from './kinds/workloads.ts'
export type { Condition, KubeObject, ObjectMeta, OwnerReference, UnknownObject } from './objects.ts'
