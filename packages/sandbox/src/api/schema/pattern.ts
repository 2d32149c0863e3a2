const known = new Map<string, RegExp | undefined>()

/** A pattern of Go (RE2) as JavaScript reads it; undefined where it cannot. Patterns of definitions are few, and kept. */
export function patternOf(source: string): RegExp | undefined {
  if (!known.has(source)) known.set(source, compile(source))
  return known.get(source)
}

function compile(source: string): RegExp | undefined {
  try {
    return new RegExp(translated(source), 'u')
  } catch {
    return withoutUnicode(source)
  }
}

/** Some escapes that RE2 takes are errors in Unicode mode only. */
function withoutUnicode(source: string): RegExp | undefined {
  try {
    return new RegExp(translated(source))
  } catch {
    return undefined
  }
}

function translated(source: string): string {
  const classes: Readonly<Record<string, string>> = {
    '[:alnum:]': 'A-Za-z0-9',
    '[:alpha:]': 'A-Za-z',
    '[:digit:]': '0-9',
    '[:lower:]': 'a-z',
    '[:upper:]': 'A-Z',
    '[:space:]': String.raw`\s`,
    '[:word:]': String.raw`\w`,
    '[:xdigit:]': '0-9A-Fa-f',
  }
  return source
    .replaceAll(/\[:[a-z]+:\]/g, (name) => classes[name] ?? name)
    .replaceAll(String.raw`\A`, '^')
    .replaceAll(String.raw`\z`, '$')
}
