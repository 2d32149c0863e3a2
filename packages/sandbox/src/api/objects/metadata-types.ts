import { badRequest } from '../errors.ts'
import type { Resource } from '../resources/resource.ts'
import { isRecord } from './fields.ts'

type TypeCheck = (value: unknown) => boolean

const isText: TypeCheck = (value) => typeof value === 'string'
const isMapOfTexts: TypeCheck = (value) =>
  isRecord(value) && Object.values(value).every((one) => one === null || isText(one))
const isListOf =
  (check: TypeCheck): TypeCheck =>
  (value) =>
    Array.isArray(value) && value.every((one) => check(one))

/** The types of the metadata that clients write. */
const METADATA: Readonly<Record<string, readonly [TypeCheck, string]>> = {
  name: [isText, 'a string'],
  generateName: [isText, 'a string'],
  namespace: [isText, 'a string'],
  uid: [isText, 'a string'],
  resourceVersion: [isText, 'a string'],
  labels: [isMapOfTexts, 'a map of strings'],
  annotations: [isMapOfTexts, 'a map of strings'],
  finalizers: [isListOf(isText), 'a list of strings'],
  ownerReferences: [isListOf(isRecord), 'a list of objects'],
}

/**
 * Refuses a body whose metadata is not of the types that everything after it relies on.
 * @throws StatusError 400, as for any body that cannot be read.
 */
export function checkMetadataTypes({ metadata = {} }: Record<string, unknown>, { kind }: Resource): void {
  const wrong = (field: string, type: string): Error =>
    badRequest(`the object cannot be handled as a ${kind}: ${field} must be ${type}`)
  if (metadata !== null && !isRecord(metadata)) throw wrong('metadata', 'an object')
  for (const [field, [holds, type]] of Object.entries(METADATA)) {
    const value = metadata?.[field] ?? null
    if (value !== null && !holds(value)) throw wrong(`metadata.${field}`, type)
  }
}
