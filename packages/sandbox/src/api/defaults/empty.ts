import { isRecord } from '../objects/fields.ts'

/** Removes every member that is `null`, at any depth: kube-apiserver reads it as left out. */
export function dropNulls(value: unknown): void {
  if (Array.isArray(value)) value.forEach(dropNulls)
  if (!isRecord(value)) return
  for (const [key, member] of Object.entries(value)) {
    if (member === null) delete value[key]
    else dropNulls(member)
  }
}

/** Removes the named members that are empty lists, maps or strings: kube-apiserver does not write them out. */
export function dropEmpty(object: object, ...keys: string[]): void {
  for (const key of keys) if (isEmpty(Reflect.get(object, key))) Reflect.deleteProperty(object, key)
}

/** Removes every member that is an empty list. */
export function dropEmptyLists(object: Record<string, unknown>): void {
  for (const [key, member] of Object.entries(object))
    if (Array.isArray(member) && member.length === 0) delete object[key]
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value) || typeof value === 'string') return value.length === 0
  return isRecord(value) && Object.keys(value).length === 0
}
