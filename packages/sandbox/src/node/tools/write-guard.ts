import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { filesEditedBySed } from './sed-files.ts'

/** Of `cp` and `ln` the last argument is written, the others are read. */
const READS_ALL_BUT_LAST = new Set(['cp', 'ln'])

/** Thrown where a tool would write outside its pod. */
export class OutsideError extends Error {}

/**
 * Checks that a tool that writes does so in the folders of its pod. It guards against accidents (`rm -rf /data` of a path
 * that is no mount), not against a script that means harm: a shell can write by itself.
 *
 * @throws OutsideError that names the path
 */
export function checkWrites(
  tool: string,
  args: readonly string[],
  { cwd, folders }: { cwd: string; folders: readonly string[] },
): void {
  const written = writtenBy(tool, args)
  const roots = folders.map((folder) => realPathOf(folder))
  for (const operand of written) {
    const path = realPathOf(resolve(cwd, operand))
    if (!roots.some((root) => path === root || path.startsWith(root + sep))) {
      throw new OutsideError(
        `${tool}: '${operand}' is outside the pod's folders; the sandbox has no file system of the image`,
      )
    }
  }
}

function writtenBy(tool: string, args: readonly string[]): string[] {
  if (tool === 'sed') return filesEditedBySed(args)
  const operands = operandsOf(args)
  return READS_ALL_BUT_LAST.has(tool) ? operands.slice(-1) : operands
}

/** Modes and owners (`755`, `1000:1000`) look like names in the working folder, which is the pod's: they pass. */
function operandsOf(args: readonly string[]): string[] {
  const end = args.indexOf('--')
  const before = end === -1 ? args : args.slice(0, end)
  return [...before.filter((arg) => !arg.startsWith('-')), ...(end === -1 ? [] : args.slice(end + 1))]
}

/** The path without links, of which the last parts may not exist yet. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return dirname(path) === path ? path : join(realPathOf(dirname(path)), basename(path))
  }
}
