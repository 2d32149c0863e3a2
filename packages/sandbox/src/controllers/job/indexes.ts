/** Reads `0-2,5`: the parts of an indexed Job that are done. */
export function parseIndexes(text = ''): Set<number> {
  const ranges = text.split(',').filter(Boolean)
  return new Set(
    ranges.flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, offset) => first + offset)
    }),
  )
}

/** Writes indexes as `parseIndexes` reads them; two in a row are no range yet (`0,1`). */
export function formatIndexes(indexes: ReadonlySet<number>): string {
  const runs: number[][] = []
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const run = runs.at(-1)
    if (run?.at(-1) === index - 1) run.push(index)
    else runs.push([index])
  }
  return runs.map((run) => (run.length > 2 ? `${run[0]}-${run.at(-1)}` : run.join(','))).join(',')
}
