/**
 * An exact amount, in billionths of its unit. Quantities go down to nanos and up to exbibytes, beyond what a JavaScript number
 * holds exactly.
 */
export interface ParsedQuantity {
  readonly nanos: bigint
}

const NANOS = 1_000_000_000n

/** Suffixes of k8s.io/apimachinery `resource.Quantity`, as numerator and denominator of one unit. */
const SUFFIXES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  n: [1n, NANOS],
  u: [1n, 1_000_000n],
  m: [1n, 1000n],
  '': [1n, 1n],
  k: [1000n, 1n],
  M: [1000n ** 2n, 1n],
  G: [1000n ** 3n, 1n],
  T: [1000n ** 4n, 1n],
  P: [1000n ** 5n, 1n],
  E: [1000n ** 6n, 1n],
  Ki: [1024n, 1n],
  Mi: [1024n ** 2n, 1n],
  Gi: [1024n ** 3n, 1n],
  Ti: [1024n ** 4n, 1n],
  Pi: [1024n ** 5n, 1n],
  Ei: [1024n ** 6n, 1n],
}

const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/

/**
 * Reads a quantity: `"500m"`, `"50Gi"`, `"1.5"`, `"1e3"`, `2`. What is finer than a billionth is rounded away from zero, as
 * API servers do.
 *
 * @throws RangeError for anything else, quoting it.
 */
export function parseQuantity(quantity: string | number): ParsedQuantity {
  const text = String(quantity)
  const [, sign, whole = '', fraction = '', exponent, suffix = ''] = SHAPE.exec(text) ?? []
  if (sign === undefined || whole + fraction === '') {
    throw new RangeError(`"${text}" is not a quantity; write for example 500m, 2 or 50Gi`)
  }
  const [unit, perUnit] = exponent === undefined ? (SUFFIXES[suffix] ?? [1n, 1n]) : powerOfTen(Number(exponent))
  const numerator = BigInt(whole + fraction) * unit * NANOS
  const denominator = perUnit * 10n ** BigInt(fraction.length)
  const nanos = (numerator + denominator - 1n) / denominator
  return { nanos: sign === '-' ? -nanos : nanos }
}

/** Negative when `a` is less than `b`, 0 when they are the same amount (`"1Gi"` and `"1024Mi"`), positive when more. */
export function compareQuantities(a: string | number, b: string | number): number {
  const difference = parseQuantity(a).nanos - parseQuantity(b).nanos
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

function powerOfTen(exponent: number): readonly [bigint, bigint] {
  return exponent < 0 ? [1n, 10n ** BigInt(-exponent)] : [10n ** BigInt(exponent), 1n]
}
