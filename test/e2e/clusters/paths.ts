import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The checkout. */
export const root = join(import.meta.dirname, '..', '..', '..')

/** The `nexus` launcher. */
export const nexusBin = join(root, 'packages', 'cli', 'bin', 'nexus')

/** Whether a program is on the PATH. */
export function hasProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)))
}
