import { isRecord } from '../objects/fields.ts'
import type { Schema } from '../schema/schema.ts'
import { below, elementsOf, hasElement, isEmpty, LEAF, nodeOf } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import { fieldElement, fieldOf, itemElement } from './path-element.ts'
import { asList, fieldSchema, itemsOf, namesField, shapeOf } from './shape.ts'

/** `value` without the fields of a set and all below them. A list or an object that loses all it has becomes null. */
export function removeFields(value: unknown, gone: FieldSet, schema: Schema): unknown {
  if (isEmpty(gone)) return value
  const shape = shapeOf(schema, value)
  if (shape === 'object' && isRecord(value)) return removeFromObject(value, gone, schema)
  return shape === 'list' ? removeFromList(itemsOf(value), gone, schema) : value
}

function removeFromObject(object: Record<string, unknown>, gone: FieldSet, schema: Schema): unknown {
  const kept = Object.entries(object).flatMap(([name, value]): [string, unknown][] => {
    const element = fieldElement(name)
    if (hasElement(gone, element)) return []
    return [[name, element in gone ? removeFields(value, below(gone, element), fieldSchema(schema, name)) : value]]
  })
  return kept.length === 0 ? null : Object.fromEntries(kept)
}

function removeFromList(items: readonly unknown[], gone: FieldSet, schema: Schema): unknown {
  const list = asList(schema)
  const kept = items.flatMap((item) => {
    const element = itemElement(item, list)
    if (!(element in gone)) return [item]
    return hasElement(gone, element) ? [] : [removeFields(item, below(gone, element), list.items)]
  })
  return kept.length === 0 ? null : kept
}

/** The set with every named field on the way to one of its fields: who owns `spec.replicas` keeps `spec`. */
export function withNamedFields(set: FieldSet, schema: Schema): FieldSet {
  const whole: Record<string, FieldSet> = {}
  for (const element of elementsOf(set)) {
    const name = fieldOf(element)
    const inner = name === undefined ? itemSchema(schema) : fieldSchema(schema, name)
    const children = withNamedFields(below(set, element), inner)
    const member = hasElement(set, element) || (name !== undefined && namesField(schema, name))
    whole[element] = nodeOf(member, children) ?? LEAF
  }
  return whole
}

function itemSchema(schema: Schema): Schema {
  return schema.type === 'list' ? schema.items : schema
}
