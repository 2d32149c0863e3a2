/** Powers of ten and of two behind a quantity, as a fraction of one unit. */
const SUFFIXES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  n: [1n, 1_000_000_000n],
  u: [1n, 1_000_000n],
  m: [1n, 1000n],
  '': [1n, 1n],
  k: [10n ** 3n, 1n],
  M: [10n ** 6n, 1n],
  G: [10n ** 9n, 1n],
  T: [10n ** 12n, 1n],
  P: [10n ** 15n, 1n],
  E: [10n ** 18n, 1n],
  Ki: [2n ** 10n, 1n],
  Mi: [2n ** 20n, 1n],
  Gi: [2n ** 30n, 1n],
  Ti: [2n ** 40n, 1n],
  Pi: [2n ** 50n, 1n],
  Ei: [2n ** 60n, 1n],
}

const NANOS = 1_000_000_000n

/** An amount in billionths of its unit; what cannot be read counts as nothing. */
export function nanosOf(quantity: unknown): bigint {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3})|([KMGTPE]i|[numkMGTPE]|))$/.exec(String(quantity))
  if (match === null) return 0n
  const [, sign = '', whole = '', fraction = '', exponent, suffix = ''] = match
  const [up, down] = exponent === undefined ? (SUFFIXES[suffix] ?? [1n, 1n]) : powerOfTen(Number(exponent))
  const numerator = BigInt(`${whole}${fraction}` || '0') * up * NANOS
  const denominator = down * 10n ** BigInt(fraction.length)
  const nanos = (numerator + denominator - 1n) / denominator
  return sign === '-' ? -nanos : nanos
}

/** Negative when `a` is less than `b`. */
export function compareAmounts(a: unknown, b: unknown): number {
  const difference = nanosOf(a) - nanosOf(b)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

function powerOfTen(exponent: number): readonly [bigint, bigint] {
  return exponent < 0 ? [1n, 10n ** BigInt(-exponent)] : [10n ** BigInt(exponent), 1n]
}
