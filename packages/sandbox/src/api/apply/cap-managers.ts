import { union } from './field-set.ts'
import { isSameManager } from './manager.ts'
import type { Manager } from './manager.ts'

const MAX_UPDATERS = 10
const BUCKET = 'ancient-changes'

/** Puts the oldest updates of one version together where there are more than ten, as the API server does. */
export function capManagers(managers: readonly Manager[]): readonly Manager[] {
  const updaters = managers.filter(({ operation }) => operation === 'Update')
  if (updaters.length <= MAX_UPDATERS) return managers
  const oldest = updaters.sort(byTime)
  let capped = [...managers]
  let count = updaters.length
  const firstOf = new Map<string, Manager>()
  for (const manager of oldest) {
    if (count <= MAX_UPDATERS) break
    const first = firstOf.get(manager.apiVersion)
    if (!first) firstOf.set(manager.apiVersion, manager)
    else {
      capped = intoBucket(capped, first, manager)
      count -= 1
    }
  }
  return capped
}

function intoBucket(managers: readonly Manager[], first: Manager, later: Manager): Manager[] {
  const id = { manager: BUCKET, operation: 'Update' as const, apiVersion: later.apiVersion, subresource: '' }
  const bucket = managers.find((manager) => isSameManager(manager, id)) ?? first
  const merged = { ...id, time: later.time, fields: union(bucket.fields, later.fields) }
  return [...managers.filter((manager) => manager !== bucket && manager !== later), merged]
}

function byTime(one: Manager, other: Manager): number {
  const [earlier, later] = [one.time ?? '', other.time ?? '']
  return earlier < later ? -1 : Number(earlier > later)
}
