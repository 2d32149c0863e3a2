import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { NodeSpec } from './node/index.ts'
import { writePrivately } from './state.ts'

/** The nodes of a sandbox's cluster as they are kept in its folder, from one start to the next. */
const NodePlan = z.array(
  z.object({
    name: z.string(),
    gpus: z.int().nonnegative().optional(),
    gpuProduct: z.string().optional(),
    gpuMemoryMiB: z.int().positive().optional(),
  }),
)

/**
 * The nodes to start with: those asked for, which are kept in `dir`, else those kept there; undefined where nobody ever
 * asked.
 */
export async function nodesToStart(
  dir: string,
  asked: readonly NodeSpec[] | undefined,
): Promise<readonly NodeSpec[] | undefined> {
  const file = join(dir, 'nodes.json')
  if (asked === undefined) return readNodes(file)
  await writePrivately(file, `${JSON.stringify(asked, null, 2)}\n`)
  return asked
}

/** A file that is absent or damaged counts as none. */
async function readNodes(file: string): Promise<readonly NodeSpec[] | undefined> {
  try {
    return NodePlan.safeParse(JSON.parse(await readFile(file, 'utf8'))).data
  } catch {
    return undefined
  }
}
