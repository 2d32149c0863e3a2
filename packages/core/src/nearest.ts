/** The number of single-character edits that turn `a` into `b` (Levenshtein distance). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}

/**
 * The candidates a person most likely meant by `wanted`, best first, at most `most` (default 3): those that contain it or
 * differ by at most a third of its characters.
 *
 * `nearest('lama-3.1-8b', ['llama-3.1-8b-instruct', 'gemma-2b']) // ['llama-3.1-8b-instruct']`
 */
export function nearest(wanted: string, candidates: Iterable<string>, most = 3): string[] {
  const asked = wanted.toLowerCase()
  const scored: { candidate: string; score: number }[] = []
  for (const candidate of candidates) {
    const name = candidate.toLowerCase()
    // A person who types less than the name is compared with the name's beginning, too.
    const score = name.includes(asked)
      ? 0
      : Math.min(editDistance(asked, name), editDistance(asked, name.slice(0, asked.length)) + 1)
    if (score <= Math.max(2, asked.length / 3)) scored.push({ candidate, score })
  }
  return scored
    .sort((a, b) => a.score - b.score || a.candidate.length - b.candidate.length)
    .slice(0, most)
    .map(({ candidate }) => candidate)
}
