const REDACTED = '[redacted]'

/**
 * A value that must not be shown: printing, logging or serialising it gives `[redacted]`, only `reveal()` the value.
 *
 * `const key = new SecretText('nvapi-…'); JSON.stringify({ key }) // '{"key":"[redacted]"}'`
 */
export class SecretText {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself: call it where the value leaves the process on purpose, nowhere else. */
  reveal(): string {
    return this.#value
  }

  /** The last four characters, what interfaces show instead of the value; fewer than twelve characters show none. */
  hint(): string {
    return this.#value.length < 12 ? '' : this.#value.slice(-4)
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  /** What `console.log` and `util.inspect` print (Node's custom inspection symbol). */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED
  }
}

/**
 * What is never printed wherever it stands: keys of NVIDIA (`nvapi-…`) and of the gateway (`nxg_…`), the former in base64 as Secrets hold it (`bnZhcGkt…`,
 * also after `$oauthtoken:`) and in a docker configuration (`{"auths":`), credentials of a header, passwords in URLs.
 */
const SECRET_SHAPES: readonly (readonly [RegExp, string])[] = [
  [/nvapi-[\w-]+/g, `nvapi-${REDACTED}`],
  [/nxg_[\w-]{12,}/g, `nxg_${REDACTED}`],
  [/(?:bnZhcGkt|eyJhdXRocyI6)[\w+/=-]+/g, REDACTED],
  [/(bearer\s+|authorization:\s*basic\s+)[\w.~+/=-]+/gi, `$1${REDACTED}`],
  [/(:\/\/[^\s/:@]+:)[^\s/]+(@)/g, `$1${REDACTED}$2`],
]

/** `text` without anything that looks like a key, a token, an authorization or a password in a URL. For logs and errors. */
export function redact(text: string): string {
  return SECRET_SHAPES.reduce((cleaned, [shape, replacement]) => cleaned.replaceAll(shape, replacement), text)
}
