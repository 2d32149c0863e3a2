import { isDeepStrictEqual } from 'node:util'
import type { Schema } from '../schema/schema.ts'
import { LEAF, nodeOf } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import { fieldElement, itemElement } from './path-element.ts'
import { asList, entriesOf, fieldSchema, isBlank, itemsOf, shapeOf } from './shape.ts'
import { isRecord } from '../objects/fields.ts'

/** The fields in which two states of an object differ. */
export interface Comparison {
  readonly added: FieldSet
  readonly modified: FieldSet
  readonly removed: FieldSet
}

/** The nodes of one place; undefined where nothing differs there. */
type Difference = Partial<Comparison> | undefined

const SAME: Comparison = { added: LEAF, modified: LEAF, removed: LEAF }
const CHANGED: Difference = { modified: LEAF }

/** What has to change for `live` to become `next`. */
export function compare(live: unknown, next: unknown, schema: Schema): Comparison {
  return { ...SAME, ...compareObjects(live, next, schema) }
}

function compareValues(live: unknown, next: unknown, schema: Schema): Difference {
  if (live === next) return undefined
  if (live === undefined) return { added: wholeOf(next, schema) }
  if (next === undefined) return { removed: wholeOf(live, schema) }
  const shape = shapeOf(schema, next ?? live)
  // What was an object and is none any more, or the other way round: a change, and the fields of the object come or go.
  if (shape !== shapeOf(schema, live ?? next)) return { ...CHANGED, ...compareObjects(live, next, schema) }
  if (shape === 'leaf' || (isBlank(live) && isBlank(next))) {
    return isDeepStrictEqual(live, next) ? undefined : CHANGED
  }
  return shape === 'object' ? compareObjects(live, next, schema) : compareLists(live, next, schema)
}

function compareObjects(live: unknown, next: unknown, schema: Schema): Difference {
  const parts = new Parts()
  for (const [name, value] of entriesOf(next)) {
    const before = isRecord(live) && Object.hasOwn(live, name) ? live[name] : undefined
    parts.add(fieldElement(name), compareValues(before, value, fieldSchema(schema, name)))
  }
  for (const [name, value] of entriesOf(live)) {
    const gone = !isRecord(next) || !Object.hasOwn(next, name) || next[name] === undefined
    if (gone) parts.add(fieldElement(name), compareValues(value, undefined, fieldSchema(schema, name)))
  }
  return parts.difference
}

function compareLists(live: unknown, next: unknown, schema: Schema): Difference {
  const list = asList(schema)
  const before = byElement(live, schema)
  const after = byElement(next, schema)
  const parts = new Parts()
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    parts.add(element, compareItems(before.get(element) ?? [], after.get(element) ?? [], list.items))
  }
  return parts.difference
}

/** Items with the same keys, which only updates may bring, have one owner together. */
function compareItems(before: unknown[], after: unknown[], schema: Schema): Difference {
  if (before.length <= 1 && after.length <= 1) return compareValues(before[0], after[0], schema)
  if (before.length >= 2 && after.length >= 2) return isDeepStrictEqual(before, after) ? undefined : CHANGED
  return before.length >= 2
    ? { removed: LEAF, ...(after.length > 0 && { added: wholeOf(after[0], schema) }) }
    : { added: LEAF, ...(before.length > 0 && { removed: wholeOf(before[0], schema) }) }
}

function byElement(value: unknown, schema: Schema): Map<string, unknown[]> {
  const list = asList(schema)
  const items = new Map<string, unknown[]>()
  for (const item of itemsOf(value)) {
    const element = itemElement(item, list)
    const known = items.get(element)
    if (known) known.push(item)
    else items.set(element, [item])
  }
  return items
}

/** Every path of a value that was not there before, or is not there any more. */
function wholeOf(value: unknown, schema: Schema): FieldSet {
  const shape = shapeOf(schema, value)
  if (shape === 'leaf' || isBlank(value)) return LEAF
  const children: Record<string, FieldSet> = {}
  if (shape === 'object') {
    for (const [name, part] of entriesOf(value)) {
      if (part !== undefined) children[fieldElement(name)] = wholeOf(part, fieldSchema(schema, name))
    }
  } else {
    for (const [element, items] of byElement(value, schema)) {
      children[element] = items.length > 1 ? LEAF : wholeOf(items[0], asList(schema).items)
    }
  }
  return nodeOf(true, children) ?? LEAF
}

/** Collects the differences of the parts of a value; allocates nothing while there are none. */
class Parts {
  #whole: { -readonly [kind in keyof Comparison]?: Record<string, FieldSet> } | undefined

  get difference(): Difference {
    return this.#whole
  }

  add(element: string, part: Difference): void {
    if (!part) return
    const whole = (this.#whole ??= {})
    for (const kind of ['added', 'modified', 'removed'] as const) {
      const node = part[kind]
      if (!node) continue
      // Its own until it is handed out: copies for each of thousands of parts would take minutes.
      const nodes = (whole[kind] ??= {})
      nodes[element] = node
    }
  }
}
