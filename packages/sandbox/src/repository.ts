import { dirname, join } from 'node:path'

/** A path in the repository this package belongs to; the same from `src` and from `dist`. */
export function repositoryPath(...names: string[]): string {
  return join(dirname(dirname(dirname(import.meta.dirname))), ...names)
}
