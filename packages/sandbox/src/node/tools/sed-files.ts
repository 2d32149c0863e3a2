/** Options whose value follows them. */
const LONG_WITH_VALUE = new Set(['--expression', '--file', '--line-length'])

/** The files that sed writes: those it edits in place. Without `-i` it writes none. */
export function filesEditedBySed(args: readonly string[]): string[] {
  const operands: string[] = []
  let isInPlace = false
  let hasScript = false
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    if (arg === '--') {
      operands.push(...args.slice(at + 1))
      break
    }
    if (!arg.startsWith('-') || arg === '-') {
      operands.push(arg)
      continue
    }
    const { inPlace, script, takesNext } = arg.startsWith('--') ? longOption(arg) : shortOptions(arg.slice(1))
    isInPlace ||= inPlace
    hasScript ||= script
    if (takesNext) at++
  }
  if (!isInPlace) return []
  return hasScript ? operands : operands.slice(1)
}

interface SedOption {
  readonly inPlace: boolean
  /** The first operand is a file: the script is said already. */
  readonly script: boolean
  readonly takesNext: boolean
}

function longOption(arg: string): SedOption {
  const [name = ''] = arg.split('=', 1)
  return {
    inPlace: name === '--in-place',
    script: name === '--expression' || name === '--file',
    takesNext: LONG_WITH_VALUE.has(name) && !arg.includes('='),
  }
}

/** `-ni.bak`: what follows the `i` is its suffix; what follows `e`, `f` and `l` is their value. */
function shortOptions(letters: string): SedOption {
  const last = letters.search(/[iefl]/)
  const letter = letters[last]
  return {
    inPlace: letter === 'i',
    script: letter === 'e' || letter === 'f',
    takesNext: letter !== undefined && letter !== 'i' && last === letters.length - 1,
  }
}
