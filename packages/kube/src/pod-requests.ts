import type { Container, PodSpec, ResourceList } from './kinds/core.ts'
import { parseQuantity } from './quantity.ts'

/** Amounts by resource name, in billionths. */
export type Amounts = ReadonlyMap<string, bigint>

/** What a pod asks of its node: the sum of its containers, or its largest init container where that is more. */
export function podRequests({ containers, initContainers = [] }: PodSpec): Amounts {
  const running = containers.map(containerRequests).reduce(addAmounts, new Map())
  return initContainers.map(containerRequests).reduce(larger, running)
}

/** A limit without a request is a request, as API servers default it. */
function containerRequests({ resources }: Container): Amounts {
  return amountsOf({ ...resources?.limits, ...resources?.requests })
}

/** @throws where an amount is no quantity, as `parseQuantity` does. */
export function amountsOf(list: ResourceList = {}): Amounts {
  return new Map(Object.entries(list).map(([name, quantity]) => [name, parseQuantity(quantity).nanos]))
}

/** Both together; a resource that one of them lacks counts as 0 there. */
export function addAmounts(a: Amounts, b: Amounts): Amounts {
  return combine(a, b, (left, right) => left + right)
}

function larger(a: Amounts, b: Amounts): Amounts {
  return combine(a, b, (left, right) => (left > right ? left : right))
}

function combine(a: Amounts, b: Amounts, join: (left: bigint, right: bigint) => bigint): Amounts {
  const names = new Set([...a.keys(), ...b.keys()])
  return new Map([...names].map((name) => [name, join(a.get(name) ?? 0n, b.get(name) ?? 0n)]))
}
