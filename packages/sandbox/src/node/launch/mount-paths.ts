/** A mount of a container: the path in the container, and the folder of this machine that stands for it. */
export interface MountedFolder {
  readonly mountPath: string
  readonly folder: string
}

/**
 * `text` with every mount path in it replaced by the folder that stands for it, longest path first. Only whole path
 * segments count: a mount of `/data` leaves `/database` and `/srv/data` alone.
 */
export function rewriteMountPaths(text: string, mounts: readonly MountedFolder[]): string {
  if (mounts.length === 0 || !text.includes('/')) return text
  const folders = new Map(mounts.map(({ mountPath, folder }) => [withoutSlash(mountPath), folder]))
  const paths = [...folders.keys()].sort((a, b) => b.length - a.length).map((path) => RegExp.escape(path))
  // A path begins the text, follows a character that no path goes on with, or follows the "//" of a URL.
  const whole = new RegExp(`(?<=^|[^\\w.\\-/]|://)(?:${paths.join('|')})(?![\\w.\\-])`, 'g')
  return text.replaceAll(whole, (path) => folders.get(path) ?? path)
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
