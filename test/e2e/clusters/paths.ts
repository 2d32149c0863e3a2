import { join } from 'node:path'

/** The checkout. */
export const root = join(import.meta.dirname, '..', '..', '..')

/** The `nexus` launcher. */
export const nexusBin = join(root, 'packages', 'cli', 'bin', 'nexus')
