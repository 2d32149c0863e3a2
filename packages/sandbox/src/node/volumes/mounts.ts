import { cp, mkdir, realpath, rm, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { Container, VolumeMount } from '@nexus/kube'
import { ConfigError } from '../launch/environment.ts'
import { expandVariables } from '../launch/expand.ts'
import type { MountedFolder } from '../launch/mount-paths.ts'
import type { PreparedVolume } from './pod-volumes.ts'

export interface MountPlace {
  readonly volumes: ReadonlyMap<string, PreparedVolume>
  /** The container's variables, for `subPathExpr`. */
  readonly variables: ReadonlyMap<string, string>
  /** A folder of the container for what is copied out of volumes. */
  readonly dir: string
}

/**
 * The mounts of one container as folders and files of this machine. `readOnly` is not enforced: a program runs as the user
 * whose files these are.
 *
 * @throws ConfigError where a sub-path leads out of its volume
 */
export async function mountFolders(container: Container, place: MountPlace): Promise<MountedFolder[]> {
  await rm(place.dir, { recursive: true, force: true })
  const mounts: MountedFolder[] = []
  for (const mount of container.volumeMounts ?? []) {
    const volume = place.volumes.get(mount.name)
    if (volume === undefined) continue
    const subPath = subPathOf(mount, place.variables)
    const folder =
      subPath === ''
        ? volume.folder
        : await subFolder(volume, subPath, join(place.dir, String(mounts.length))).catch((error: unknown) => {
            if (!(error instanceof EscapeError)) throw error
            const where = `volumeMount "${mount.name}" of container "${container.name}"`
            throw new ConfigError(`failed to prepare subPath for ${where}`, { cause: error })
          })
    mounts.push({ mountPath: mount.mountPath, folder })
  }
  return mounts
}

class EscapeError extends Error {}

function subPathOf({ subPath = '', subPathExpr }: VolumeMount, variables: ReadonlyMap<string, string>): string {
  if (subPathExpr === undefined) return subPath
  const [, missing] = /\$\(([^()]*)\)/.exec(expandVariables(subPathExpr, variables)) ?? []
  if (missing !== undefined) throw new ConfigError(`missing value for "${missing}"`)
  return expandVariables(subPathExpr, variables)
}

/**
 * A part of a volume. Files that the node writes are copied: as in Kubernetes, a container that mounts one of them by
 * `subPath` keeps it as it was when the container started.
 */
async function subFolder(volume: PreparedVolume, subPath: string, copy: string): Promise<string> {
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) throw new EscapeError(subPath)
  const found = await makeInside(await realpath(volume.folder), subPath.split('/'))
  if (!volume.written) return found
  await mkdir(join(copy, '..'), { recursive: true, mode: 0o700 })
  await cp(found, copy, { recursive: true, dereference: true, preserveTimestamps: true })
  return copy
}

/**
 * The file or folder at `segments` below `root`, made where it is missing. A program may have made a link in the volume that
 * leads out of it: each step is looked at before the next one is made.
 */
async function makeInside(root: string, segments: readonly string[]): Promise<string> {
  let found = root
  for (const segment of segments) {
    const next = join(found, segment)
    if ((await stat(next).catch(() => undefined)) === undefined) await mkdir(next, { recursive: true })
    found = await realpath(next)
    if (found !== root && !found.startsWith(root + sep)) throw new EscapeError(segments.join('/'))
  }
  return found
}
