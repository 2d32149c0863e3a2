import { resolveName } from './address-map.ts'
import { unknownName } from './patch-connect.ts'
import type { ClusterNetwork } from './patch-connect.ts'

interface Answer {
  readonly address: string
  readonly family: 4
}

/** Lets `dns.lookup` and `dns.promises.lookup` resolve names of the cluster to their virtual addresses. */
export function patchLookup(dns: { lookup: object; promises: object }, network: ClusterNetwork): void {
  const lookup: unknown = dns.lookup
  const promises: object = dns.promises
  const lookupPromise: unknown = Reflect.get(promises, 'lookup')
  Reflect.set(dns, 'lookup', (host: unknown, ...rest: unknown[]) => {
    const found = find(host, network)
    const callback = rest.at(-1)
    if (found === undefined || typeof callback !== 'function') return call(lookup, dns, [host, ...rest])
    process.nextTick(() => {
      if (found.length === 0) call(callback, undefined, [unknownName(String(host))])
      else if (wantsAll(rest[0])) call(callback, undefined, [null, found])
      else call(callback, undefined, [null, found[0]?.address, found[0]?.family])
    })
    return {}
  })
  Reflect.set(promises, 'lookup', async (host: unknown, options: unknown) => {
    const found = find(host, network)
    if (found === undefined) return call(lookupPromise, promises, [host, options])
    if (found.length === 0) throw unknownName(String(host))
    return wantsAll(options) ? found : found[0]
  })
}

/** The cluster's answer: undefined where the name is none of its own, empty where nothing has the name. */
function find(host: unknown, { readMap, namespace }: ClusterNetwork): Answer[] | undefined {
  if (typeof host !== 'string') return undefined
  const answer = resolveName(readMap(), host, namespace)
  switch (answer.type) {
    case 'outside':
      return undefined
    case 'unknown':
      return []
    case 'addresses':
      return answer.addresses.map((address) => ({ address, family: 4 }))
    default:
      return answer satisfies never
  }
}

function wantsAll(options: unknown): boolean {
  return typeof options === 'object' && options !== null && Reflect.get(options, 'all') === true
}

function call(target: unknown, self: unknown, args: unknown[]): unknown {
  return typeof target === 'function' ? Reflect.apply(target, self, args) : undefined
}
