import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder that only its owner may enter, with those above it. Not `mkdirSync` with `recursive`: where a folder says
 * of a new entry that it does not exist, as `/proc` does, Node 26 tries forever.
 */
export function makeFolder(dir: string): void {
  if (existsSync(dir)) return
  const parent = dirname(dir)
  if (parent !== dir) makeFolder(parent)
  try {
    mkdirSync(dir, { mode: 0o700 })
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(dir)) throw error
  }
}
