import { canonicalQuantity } from '../defaults/quantity.ts'
import { isRecord } from '../objects/fields.ts'
import { nanosOf } from '../objects/quantity.ts'

/** Amounts by the names that quotas have for them, in billionths. */
export type Amounts = ReadonlyMap<string, bigint>

const ONE = 1_000_000_000n
const KIBI = 1024n

/** So many pieces. */
export function pieces(...names: string[]): [string, bigint][] {
  return names.map((name) => [name, ONE])
}

export function sumOf(all: readonly Amounts[]): Map<string, bigint> {
  const total = new Map<string, bigint>()
  for (const amounts of all) for (const [name, amount] of amounts) total.set(name, (total.get(name) ?? 0n) + amount)
  return total
}

/** The amounts of a map of quantities; what is there under none of the names is left out. */
export function amountsIn(quantities: unknown): Map<string, bigint> {
  return new Map(
    Object.entries(isRecord(quantities) ? quantities : {}).map(([name, quantity]) => [name, nanosOf(quantity)]),
  )
}

/** An amount as quotas show it: bytes with powers of two, all else in decimal. */
export function formatAmount(name: string, nanos: bigint): string {
  const isBytes = /(memory|storage)$/.test(name)
  const whole = nanos / ONE
  if (isBytes && nanos % ONE === 0n && whole % KIBI === 0n) return String(canonicalQuantity(`${whole / KIBI}Ki`))
  return String(canonicalQuantity(`${(nanos + 999_999n) / 1_000_000n}m`))
}
