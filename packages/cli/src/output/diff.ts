/** Lines shown around a change. */
const CONTEXT = 3

/** Texts of more lines than this, multiplied, are not compared line by line: the table below would be too large. */
const MAX_CELLS = 4_000_000

type Line = readonly [mark: ' ' | '-' | '+', text: string]

/** The lines in which two texts differ, as `diff -u` marks them, with some lines around each; empty where they do not. */
export function renderDiff(before: string, after: string): string {
  const lines = compareLines(before.split('\n'), after.split('\n'))
  const isNear = lines.map((_, at) => lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(isChange))
  return lines
    .flatMap(([mark, text], at) => {
      if (isNear[at] !== true) return []
      return at > 0 && isNear[at - 1] !== true ? ['…', `${mark} ${text}`] : [`${mark} ${text}`]
    })
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}

function isChange([mark]: Line): boolean {
  return mark !== ' '
}

/** The shortest way from one list to the other, by their longest common subsequence. */
function compareLines(before: readonly string[], after: readonly string[]): Line[] {
  if (before.length * after.length > MAX_CELLS) return [...before.map(removed), ...after.map(added)]
  const common = commonLengths(before, after)
  const lines: Line[] = []
  let at = 0
  let to = 0
  while (at < before.length || to < after.length) {
    const [old, fresh] = [before[at], after[to]]
    if (old !== undefined && old === fresh) {
      lines.push([' ', old])
      at += 1
      to += 1
    } else if (
      fresh === undefined ||
      (old !== undefined && lengthAt(common, at + 1, to) >= lengthAt(common, at, to + 1))
    ) {
      lines.push(removed(old ?? ''))
      at += 1
    } else {
      lines.push(added(fresh))
      to += 1
    }
  }
  return lines
}

function removed(text: string): Line {
  return ['-', text]
}

function added(text: string): Line {
  return ['+', text]
}

/** `table[i][j]`: how many lines `before` from i and `after` from j have in common. */
function commonLengths(before: readonly string[], after: readonly string[]): number[][] {
  const table: number[][] = Array.from({ length: before.length + 1 }, () => [])
  for (let at = before.length - 1; at >= 0; at -= 1) {
    const row = table[at] ?? []
    for (let to = after.length - 1; to >= 0; to -= 1) {
      row[to] =
        before[at] === after[to]
          ? lengthAt(table, at + 1, to + 1) + 1
          : Math.max(lengthAt(table, at + 1, to), lengthAt(table, at, to + 1))
    }
  }
  return table
}

function lengthAt(table: readonly (readonly number[])[], row: number, column: number): number {
  return table[row]?.[column] ?? 0
}
