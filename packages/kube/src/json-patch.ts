import { applyPatch, createPatch } from 'rfc6902'
import type { JsonPatchOperation } from './client.ts'
import type { KubeObject } from './objects.ts'

/** Metadata that the server or another owner writes; a difference in them is not one to send. */
const SERVER_MANAGED = [
  'resourceVersion',
  'uid',
  'selfLink',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'managedFields',
  'ownerReferences',
]

/**
 * The JSON patch that turns `before` into `after`, without status and server-managed metadata. Arrays are replaced whole:
 * operations on indices would hit other elements when somebody changed the array in between. Empty: nothing to send.
 */
export function createJsonPatch<T extends KubeObject>(before: T, after: T): JsonPatchOperation[] {
  return createPatch(comparable(before), comparable(after), replaceArrays).flatMap(toOperation)
}

/**
 * `object` as the server would make it by a JSON patch; the object itself stays as it is.
 * @throws Error of the first operation that fails, e.g. a `test` that does not hold.
 */
export function applyJsonPatch<T extends KubeObject>(object: T, operations: readonly JsonPatchOperation[]): T {
  const patched = structuredClone(object)
  const failures = applyPatch(
    patched,
    operations.map((operation) => ({ ...operation })),
  )
  const failure = failures.find((one) => one !== null)
  if (failure !== undefined) throw failure
  return patched
}

type Difference = ReturnType<typeof createPatch>[number]

/** rfc6902's hook: an answer ends the comparison at this pointer, undefined lets it go on. */
function replaceArrays(input: unknown, output: unknown, pointer: { toString(): string }): Difference[] | undefined {
  if (!Array.isArray(input) || !Array.isArray(output)) return undefined
  if (JSON.stringify(input) === JSON.stringify(output)) return []
  return [{ op: 'replace', path: pointer.toString(), value: output }]
}

function comparable(object: KubeObject): object {
  const metadata = Object.entries(object.metadata).filter(([field]) => !SERVER_MANAGED.includes(field))
  return { ...object, metadata: Object.fromEntries(metadata), status: undefined }
}

function toOperation(difference: Difference): JsonPatchOperation[] {
  switch (difference.op) {
    case 'add':
    case 'replace':
    case 'test': {
      const value: unknown = difference.value
      return [{ op: difference.op, path: difference.path, value }]
    }
    case 'remove':
      return [{ op: 'remove', path: difference.path }]
    case 'move':
    case 'copy':
      return [{ op: difference.op, path: difference.path, from: difference.from }]
    default:
      return difference satisfies never
  }
}
