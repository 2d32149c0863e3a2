import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** SQLITE_BUSY: somebody else holds the lock. */
const BUSY = 5

/** The right to a folder, which no other process has meanwhile. */
export interface FolderLock {
  release(): void
}

/**
 * Takes a folder for this process alone; undefined where another has it, or this one has it already. Node has no file
 * locks but SQLite's: the system lets go of them with the process, however it ended, so none is ever stale.
 */
export function lockFolder(dir: string): FolderLock | undefined {
  const database = new DatabaseSync(join(dir, 'lock'))
  try {
    database.exec('BEGIN EXCLUSIVE')
    return { release: () => database.close() }
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === BUSY) return undefined
    throw error
  }
}
