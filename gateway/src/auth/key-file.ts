import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'

/** The text of the file of the keys; empty when there is none. */
export async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

/**
 * Replaces the file of the keys in one step, readable for its owner alone: who reads it sees the old or the new text, also
 * after a crash.
 *
 * @param before what the change was made from
 * @throws Error when the file is another one meanwhile
 */
export async function replaceKeyFile(path: string, before: string, after: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(after)
      await file.sync()
    } finally {
      await file.close()
    }
    if ((await readKeyFile(path)) !== before) throw new Error(`${path} was changed meanwhile; try again`)
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
