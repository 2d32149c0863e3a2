/** What a label selector is made of. */
export type TokenKind = 'word' | 'end' | '!' | '(' | ')' | ',' | '=' | '==' | '!=' | '>' | '<'

export interface Token {
  readonly kind: TokenKind
  /** As it was written; empty at the end. */
  readonly text: string
}

/** `!` and `=` stand alone or make an operator with the next `=`. */
const TOKEN = /\s*(?:(==|!=|[!(),=<>])|([^\s!(),=<>]+))/y

const KINDS: readonly TokenKind[] = ['!', '(', ')', ',', '=', '==', '!=', '>', '<']

/** The tokens of a selector, one by one, with a look at the next. */
export interface Tokens {
  peek(): Token
  take(): Token
}

export function tokensOf(selector: string): Tokens {
  const tokens = [...scan(selector)]
  const end: Token = { kind: 'end', text: '' }
  let position = 0
  return {
    peek: () => tokens[position] ?? end,
    take: () => tokens[position++] ?? end,
  }
}

function* scan(selector: string): Generator<Token> {
  const expression = new RegExp(TOKEN)
  for (;;) {
    const match = expression.exec(selector)
    if (!match) return
    const [, symbol, word = ''] = match
    const kind = KINDS.find((one) => one === symbol)
    yield kind === undefined ? { kind: 'word', text: word } : { kind, text: kind }
  }
}
