import { createJsonPatch } from '@nexus/kube'
import type { JsonPatchOperation, KubeClient, KubeObject, ObjectRef, WriteOptions } from '@nexus/kube'

/** An object as it was read, and as it shall be. */
export interface Change<T extends KubeObject> {
  readonly before: T
  readonly after: T
}

/**
 * Sends the difference as a JSON Patch and nothing where there is none. Each value that goes is tested first, so that the
 * patch fails (422) where somebody has changed that very field since `before` was read; other fields may have changed.
 * An addition can only be tested by the version of the whole object: it would replace what somebody has just put there.
 */
export async function patchByDifference<T extends KubeObject>(
  kube: KubeClient,
  ref: ObjectRef<T>,
  { before, after }: Change<T>,
  options?: WriteOptions,
): Promise<T> {
  const operations = createJsonPatch(before, after)
  if (operations.length === 0) return before
  return kube.patch(ref, { type: 'json', operations: [...testsFor(before, operations), ...operations] }, options)
}

/**
 * Sends the difference as a merge patch and nothing where there is none. It names the version of `before`: it fails (409)
 * where anybody has written the object since.
 */
export async function updateByMerge<T extends KubeObject>(
  kube: KubeClient,
  ref: ObjectRef<T>,
  { before, after }: Change<T>,
  options?: WriteOptions,
): Promise<T> {
  if (createJsonPatch(before, after).length === 0) return before
  const difference = mergePatch(before, after)
  const { resourceVersion } = before.metadata
  const body = { ...difference, metadata: { ...metadataOf(difference), resourceVersion } }
  return kube.patch(ref, { type: 'merge', body }, options)
}

function testsFor(before: KubeObject, operations: readonly JsonPatchOperation[]): JsonPatchOperation[] {
  const tests = operations
    .filter(({ op }) => op === 'replace' || op === 'remove')
    .map(({ path }) => ({ op: 'test' as const, path, value: valueAt(before, path) }))
  if (!operations.some(({ op }) => op === 'add')) return tests
  return [{ op: 'test', path: '/metadata/resourceVersion', value: before.metadata.resourceVersion }, ...tests]
}

/** The value at a JSON pointer (RFC 6901). */
function valueAt(object: object, pointer: string): unknown {
  const segments = pointer.split('/').slice(1)
  return segments.reduce<unknown>((value, segment) => {
    const field = segment.replaceAll('~1', '/').replaceAll('~0', '~')
    return isRecord(value) ? value[field] : undefined
  }, object)
}

/** RFC 7386: what is gone is null, arrays are replaced whole. */
function mergePatch(before: object, after: object): Record<string, unknown> {
  const was = Object.entries(before)
  const is = new Map<string, unknown>(Object.entries(after))
  const gone = was.filter(([field]) => is.get(field) === undefined).map(([field]) => [field, null] as const)
  const old = new Map<string, unknown>(was)
  const changed = [...is]
    .filter(([field, value]) => value !== undefined && !isSame(old.get(field), value))
    .map(([field, value]) => {
      const earlier = old.get(field)
      return [field, isRecord(earlier) && isRecord(value) ? mergePatch(earlier, value) : value] as const
    })
  return Object.fromEntries([...gone, ...changed])
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function metadataOf({ metadata }: Record<string, unknown>): object {
  return isRecord(metadata) ? metadata : {}
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
