import { badRequest, tooLargeVersion } from '../errors.ts'
import { StatusError } from '../status.ts'

/** The number that a `resourceVersion` stands for, `undefined` where it is none; nothing and `0` stand for any version. */
function numberOf(text: string): number | undefined {
  const version = Number(text)
  return /^\d+$/.test(text) && Number.isSafeInteger(version) ? version : undefined
}

function unparsable(text: string): string {
  const quoted = JSON.stringify(text)
  return `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`
}

/**
 * The version from which a watch starts, or at which one object is read; 0 for any.
 * @throws StatusError 500, as kube-apiserver answers what is none.
 */
export function parseVersion(text: string | null): number {
  const version = numberOf(text ?? '') ?? (text ? undefined : 0)
  if (version === undefined) throw new StatusError(500, '', unparsable(text ?? ''))
  return version
}

/**
 * The version at which a list is read; 0 for any.
 * @throws StatusError 400 where it is none.
 */
export function parseListVersion(text: string | null): number {
  const version = numberOf(text ?? '') ?? (text ? undefined : 0)
  if (version === undefined) throw badRequest(`invalid resource version: ${unparsable(text ?? '')}`)
  return version
}

/**
 * Refuses a version that is not there yet. kube-apiserver waits 3 s for it first: its caches may be behind, ours is not.
 * @throws StatusError 504
 */
export function checkNotAhead(wanted: number, current: number): void {
  if (wanted > current) throw tooLargeVersion(wanted, current)
}
