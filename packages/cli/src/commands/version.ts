import type { OutputFlags } from '../program.ts'
import { print } from '../output/print.ts'
import type { Shell } from '../shell.ts'
import { VERSION } from '../version.ts'

/** `nexus version`. */
export async function version(flags: OutputFlags, shell: Shell): Promise<void> {
  if (flags.output === undefined) return shell.out(`nexus ${VERSION}\n`)
  const data = { version: VERSION, node: process.version }
  await print(shell, flags.output, { rows: [data], columns: [], name: (row) => row.version, data, empty: '' })
}
