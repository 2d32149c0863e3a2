import { messageOf, NexusError } from '@nexus/core'

export type StoreErrorCode =
  /** Another process has the database open. */
  | 'NEXUS_STORE_IN_USE'
  /** The database was written by a later version. */
  | 'NEXUS_STORE_NEWER'
  /** What is in the file is not what was put there. */
  | 'NEXUS_STORE_DAMAGED'

/** The database of the cluster cannot be opened. Messages name objects, and never quote them: they may be Secrets. */
export class StoreError extends NexusError<StoreErrorCode> {
  override readonly name = 'StoreError'
}

const BEGIN_ANEW = 'Use another folder, or delete this one to begin with an empty cluster.'

export function inUse(file: string, cause: unknown): StoreError {
  const hint = 'Stop the other process, or use another folder.'
  return new StoreError('NEXUS_STORE_IN_USE', `another process uses ${file}`, { hint, cause })
}

export function newer(file: string, found: number, known: number): StoreError {
  const message = `${file} has format ${found}, and this version knows formats up to ${known}`
  return new StoreError('NEXUS_STORE_NEWER', message, { hint: `Use the version that wrote it. ${BEGIN_ANEW}` })
}

export function damaged(file: string, what: string, cause?: unknown): StoreError {
  const message = `${file} is damaged: ${what}`
  return new StoreError('NEXUS_STORE_DAMAGED', message, { hint: BEGIN_ANEW, cause })
}

/** SQLite's result codes (https://sqlite.org/rescode.html). */
const BUSY = 5
const CORRUPT = 11
const NOT_A_DATABASE = 26

/** What SQLite's refusal to open `file` means; `thrown` itself where it means nothing in particular. */
export function explainOpening(file: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return thrown
  if (thrown.errcode === BUSY) return inUse(file, thrown)
  const unreadable = thrown.errcode === CORRUPT || thrown.errcode === NOT_A_DATABASE
  return unreadable ? damaged(file, messageOf(thrown), thrown) : thrown
}
