import { randomBytes } from 'node:crypto'
import { chmod, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Payload, VolumeFile } from './payload.ts'

/** The link to the folder with the current files. Names that begin with two dots are the writer's own. */
const DATA = '..data'
const OWN_PREFIX = '..'

/**
 * Brings the files of `folder` to `payload` in one step, in the layout that programs know from Kubernetes: each file is a
 * link through `..data`, which is turned to a new folder. A reader sees the old files or the new ones, never some of each.
 * Resolves with whether anything changed.
 */
export async function writeAtomically(folder: string, payload: Payload): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const before = await readlink(join(folder, DATA)).catch(() => undefined)
  if (before !== undefined && (await holds(join(folder, before), payload))) return false
  const next = `${OWN_PREFIX}${stamp(new Date())}.${randomBytes(4).toString('hex')}`
  await writeFiles(join(folder, next), payload)
  const link = join(folder, `${next}.link`)
  await symlink(next, link)
  await rename(link, join(folder, DATA))
  await linkNames(folder, payload)
  await removeOthers(folder, next)
  return true
}

async function writeFiles(folder: string, payload: Payload): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 })
  for (const [path, { content, mode }] of payload) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true, mode: 0o755 })
    await writeFile(file, content)
    // The mode of a new file passes through the umask, this one does not.
    await chmod(file, mode)
  }
}

/** `name → ..data/name` for the first segment of each path, and no other links. */
async function linkNames(folder: string, payload: Payload): Promise<void> {
  const names = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path))
  for (const name of await readdir(folder)) {
    if (!name.startsWith(OWN_PREFIX) && !names.delete(name)) await rm(join(folder, name), { recursive: true })
  }
  for (const name of names) await symlink(join(DATA, name), join(folder, name))
}

/** The folder before, and what a writer left that was killed. */
async function removeOthers(folder: string, current: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(OWN_PREFIX) || name === DATA || name === current) continue
    await rm(join(folder, name), { recursive: true, force: true })
  }
}

async function holds(folder: string, payload: Payload): Promise<boolean> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => undefined)
  if (entries?.filter((entry) => entry.isFile()).length !== payload.size) return false
  for (const [path, file] of payload) if (!(await isSame(join(folder, path), file))) return false
  return true
}

async function isSame(path: string, { content, mode }: VolumeFile): Promise<boolean> {
  try {
    return ((await lstat(path)).mode & 0o7777) === mode && Buffer.compare(await readFile(path), content) === 0
  } catch {
    return false
  }
}

/** `2026_01_31_12_00_00`, the form kubelets use. */
function stamp(time: Date): string {
  return time.toISOString().slice(0, 19).replaceAll(/[-T:]/g, '_')
}
