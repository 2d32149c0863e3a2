import { StatusError } from '../status.ts'
import { fieldSchema } from '../apply/shape.ts'
import { isRecord } from '../objects/fields.ts'
import { asGoText } from '../objects/go-text.ts'
import type { ListSchema, Schema } from '../schema/schema.ts'
import type { JsonObject } from './json-object.ts'
import { mergeObjectList, mergeSet } from './strategic-lists.ts'
import { inElementOrder } from './element-order.ts'

const DELETE_FROM_LIST = '$deleteFromPrimitiveList/'
const ELEMENT_ORDER = '$setElementOrder/'

/**
 * Strategic merge, the patch that `kubectl apply` sends for built-in kinds: like a JSON merge patch, but lists of named
 * things merge thing by thing, and directives (`$patch`, `$retainKeys`, `$setElementOrder/…`,
 * `$deleteFromPrimitiveList/…`) say what a merge cannot.
 *
 * @throws {StatusError} with the codes and messages of k8s.io/apimachinery's strategicpatch.
 */
export function strategicMerge(original: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  const directive = patch['$patch']
  if (directive === 'delete') return {}
  if (directive === 'replace') return Object.fromEntries(Object.entries(patch).filter(([key]) => key !== '$patch'))
  if (directive !== undefined && directive !== 'merge') throw unknownDirective(directive, patch)

  const merged = retainedEntries(original, patch)
  deleteFromLists(merged, patch)
  for (const [key, value] of Object.entries(patch)) {
    if (!isDirective(key)) mergeField(merged, key, value, fieldSchema(schema, key))
  }
  orderLists(merged, original, patch, schema)
  return Object.fromEntries(merged)
}

function mergeField(merged: Map<string, unknown>, key: string, value: unknown, schema: Schema): void {
  if (value === null) merged.delete(key)
  else if (!merged.has(key)) setNew(merged, key, value)
  else merged.set(key, mergeValue(merged.get(key), value, schema))
}

/** What was not there before is taken as it is, less its directives and nulls. */
function setNew(merged: Map<string, unknown>, key: string, value: unknown): void {
  const clean = withoutDirectives(value)
  if (clean !== undefined) merged.set(key, clean)
}

/** A list that is not said to merge is replaced as a whole. */
function mergeValue(original: unknown, patch: unknown, schema: Schema): unknown {
  if (isRecord(original) && isRecord(patch)) return strategicMerge(original, patch, schema)
  if (!Array.isArray(original) || !Array.isArray(patch) || schema.type !== 'list') return patch
  if (schema.mergesScalars === true) return mergeSet(original, patch)
  if (schema.mergeKey === undefined) return patch
  const mergeItem = (item: JsonObject, change: JsonObject) => strategicMerge(item, change, schema.items)
  return mergeObjectList(original, patch, schema.mergeKey, mergeItem)
}

/** `$retainKeys` names every member the object may keep; a member the patch sets must be among them. */
function retainedEntries(original: JsonObject, patch: JsonObject): Map<string, unknown> {
  const retain = patch['$retainKeys']
  if (retain === undefined) return new Map(Object.entries(original))
  const kept = new Set<unknown>(Array.isArray(retain) ? retain : [])
  const strays = Object.keys(patch).filter((key) => !isDirective(key) && patch[key] !== null && !kept.has(key))
  if (!Array.isArray(retain) || strays.length > 0) {
    throw new StatusError(400, 'BadRequest', 'invalid patch format of retainKeys')
  }
  return new Map(Object.entries(original).filter(([key]) => kept.has(key)))
}

function deleteFromLists(merged: Map<string, unknown>, patch: JsonObject): void {
  for (const [directive, gone] of Object.entries(patch)) {
    if (!directive.startsWith(DELETE_FROM_LIST)) continue
    if (!Array.isArray(gone)) throw new StatusError(400, 'BadRequest', 'invalid patch format of primitive list')
    const key = directive.slice(DELETE_FROM_LIST.length)
    const list = merged.get(key)
    const leaving = new Set<unknown>(gone)
    if (Array.isArray(list))
      merged.set(
        key,
        list.filter((item) => !leaving.has(item)),
      )
  }
}

/** Lists that merge item by item take the order of `$setElementOrder/…` or, without one, that of the patch. */
function orderLists(merged: Map<string, unknown>, original: JsonObject, patch: JsonObject, schema: Schema): void {
  for (const [key, list] of merged) {
    const field = fieldSchema(schema, key)
    if (!Array.isArray(list) || field.type !== 'list' || !mergesItems(field)) continue
    const explicit = patch[ELEMENT_ORDER + key]
    const patched = arrayOrEmpty(patch[key]).filter((item) => !isRecord(item) || item['$patch'] === undefined)
    if (explicit === undefined && patched.length === 0) continue
    const order: unknown = explicit ?? patched
    if (!Array.isArray(order)) throw new StatusError(400, 'BadRequest', 'invalid patch format of setElementOrder list')
    const lists = { list, order, patched, server: arrayOrEmpty(original[key]) }
    merged.set(key, inElementOrder(lists, field.mergeKey))
  }
}

function mergesItems({ mergeKey, mergesScalars }: ListSchema): boolean {
  return mergeKey !== undefined || mergesScalars === true
}

/** `undefined` for an object that says it is to be deleted. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined)
  if (!isRecord(value)) return value
  if (value['$patch'] === 'delete') return undefined
  const kept = Object.entries(value)
    .filter(([key, member]) => !isDirective(key) && member !== null)
    .map(([key, member]) => [key, withoutDirectives(member)] as const)
  return Object.fromEntries(kept.filter(([, member]) => member !== undefined))
}

function isDirective(key: string): boolean {
  return key === '$patch' || key === '$retainKeys' || key.startsWith(DELETE_FROM_LIST) || key.startsWith(ELEMENT_ORDER)
}

function arrayOrEmpty(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function unknownDirective(directive: unknown, patch: JsonObject): StatusError {
  return new StatusError(500, '', `unknown patch type: ${String(directive)} in map: ${asGoText(patch)}`)
}
