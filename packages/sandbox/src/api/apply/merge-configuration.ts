import { isRecord } from '../objects/fields.ts'
import type { ListSchema, Schema } from '../schema/schema.ts'
import { itemElement } from './path-element.ts'
import { asList, entriesOf, fieldSchema, isBlank, itemsOf, shapeOf } from './shape.ts'

/** `live` with what the configuration says: leaves are taken from it, objects and lists merge part by part. */
export function mergeConfiguration(live: unknown, config: unknown, schema: Schema): unknown {
  if (config === undefined) return live
  const shape = shapeOf(schema, config)
  if (live === undefined || shape === 'leaf' || (isBlank(live) && isBlank(config))) return config
  if (shape !== shapeOf(schema, live)) return config
  return shape === 'object' ? mergeObjects(live, config, schema) : mergeLists(live, config, schema)
}

function mergeObjects(live: unknown, config: unknown, schema: Schema): unknown {
  // A Map, because assigning to a member called `__proto__` would change the object's prototype instead.
  const merged = new Map(entriesOf(live))
  for (const [name, value] of entriesOf(config)) {
    const before = isRecord(live) && Object.hasOwn(live, name) ? live[name] : undefined
    merged.set(name, mergeConfiguration(before, value, fieldSchema(schema, name)))
  }
  return Object.fromEntries(merged)
}

/** The items of both lists: those the configuration names in its order, the others between the ones they stood between. */
function mergeLists(live: unknown, config: unknown, schema: Schema): unknown[] {
  const list = asList(schema)
  const before = byElement(itemsOf(live), list)
  const wanted = byElement(itemsOf(config), list)
  return mergedOrder([...before.keys()], [...wanted.keys()]).map((element) =>
    wanted.has(element)
      ? mergeConfiguration(before.get(element), wanted.get(element), list.items)
      : before.get(element),
  )
}

function byElement(items: readonly unknown[], list: ListSchema): Map<string, unknown> {
  return new Map(items.map((item) => [itemElement(item, list), item]))
}

/** Each element once. One that only `before` has comes as early as it can, as in structured-merge-diff. */
function mergedOrder(before: readonly string[], wanted: readonly string[]): string[] {
  const known = new Set(before)
  const named = new Set(wanted)
  const shared = wanted.filter((element) => known.has(element))
  const merged: string[] = []
  let [left, next] = [0, 0]
  const takeUnnamed = (): void => {
    for (let element = before[left]; element !== undefined; element = before[++left]) {
      if (!named.has(element)) merged.push(element)
      // Of the elements of both lists, only the next one is waited for; what comes later is passed over.
      else if (next < shared.length && element === shared[next]) return
    }
  }
  for (const element of wanted) {
    takeUnnamed()
    merged.push(element)
    if (element !== shared[next]) continue
    next += 1
    left += 1
  }
  takeUnnamed()
  return merged
}
