import { isRecord } from '../objects/fields.ts'

/** What kube-apiserver says of a text that is no quantity. */
export const QUANTITY_RULE =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

/** Powers of ten, largest first; the exponents are thousandths, so that `m` is 0. */
const DECIMAL = [
  ['E', 21n],
  ['P', 18n],
  ['T', 15n],
  ['G', 12n],
  ['M', 9n],
  ['k', 6n],
  ['', 3n],
  ['m', 0n],
] as const
const BINARY = [
  ['Ei', 60n],
  ['Pi', 50n],
  ['Ti', 40n],
  ['Gi', 30n],
  ['Mi', 20n],
  ['Ki', 10n],
] as const

/** Writes the quantities of the named maps (`limits`, `requests`, `capacity`) as kube-apiserver does. */
export function canonicalQuantities(parent: Record<string, unknown>, ...keys: string[]): void {
  for (const key of keys) {
    const quantities = parent[key]
    if (!isRecord(quantities)) continue
    for (const [name, quantity] of Object.entries(quantities)) quantities[name] = canonicalQuantity(quantity)
  }
}

/**
 * The shortest form with an integer and a suffix of the same family: `1000m` → `1`, `0.5` → `500m`, `1024Mi` → `1Gi`.
 * What is no quantity, or finer than a thousandth, is left as it is.
 */
export function canonicalQuantity(quantity: unknown): unknown {
  if (typeof quantity !== 'string' && typeof quantity !== 'number') return quantity
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(m|k|[MGTPE]|[KMGTPE]i|)$/.exec(String(quantity))
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match ?? []
  if (match === null || whole + fraction === '') return String(quantity)
  const thousandths = inThousandths(whole, fraction, suffix)
  if (thousandths === undefined) return String(quantity)
  const minus = sign === '-' && thousandths !== 0n ? '-' : ''
  return minus + (suffix.endsWith('i') ? binary(thousandths) : decimal(thousandths))
}

/** `undefined` when a thousandth is not fine enough. */
function inThousandths(whole: string, fraction: string, suffix: string): bigint | undefined {
  const digits = BigInt(whole + fraction)
  const binaryPower = BINARY.find(([name]) => name === suffix)?.[1]
  const decimalPower = DECIMAL.find(([name]) => name === suffix)?.[1]
  const scaled = digits * (binaryPower === undefined ? 10n ** (decimalPower ?? 3n) : 1000n * 2n ** binaryPower)
  const divisor = 10n ** BigInt(fraction.length)
  return scaled % divisor === 0n ? scaled / divisor : undefined
}

function decimal(thousandths: bigint): string {
  if (thousandths === 0n) return '0'
  const [suffix, power] = DECIMAL.find(([, exponent]) => thousandths % 10n ** exponent === 0n) ?? ['m', 0n]
  return `${thousandths / 10n ** power}${suffix}`
}

function binary(thousandths: bigint): string {
  if (thousandths === 0n || thousandths % 1000n !== 0n) return decimal(thousandths)
  const units = thousandths / 1000n
  const [suffix, power] = BINARY.find(([, exponent]) => units % 2n ** exponent === 0n) ?? ['', 0n]
  return `${units / 2n ** power}${suffix}`
}
