import { array, constantFrom, dictionary, record, uniqueArray } from 'fast-check'
import type { Arbitrary } from 'fast-check'
import type { Schema, StructSchema } from '../../schema/schema.ts'
import type { FieldSet } from '../field-set.ts'
import { LEAF, nodeOf } from '../field-set.ts'

const text: Schema = { type: 'string' }

/** A kind with each form of ownership. */
export const shape: StructSchema = {
  type: 'struct',
  fields: {
    name: text,
    labels: { type: 'map', values: text },
    whole: { type: 'map', values: text, atomic: true },
    args: { type: 'list', items: text, listType: 'atomic' },
    finalizers: { type: 'list', items: text, listType: 'set' },
    ports: {
      type: 'list',
      listType: 'map',
      keys: ['port', 'protocol'],
      items: {
        type: 'struct',
        fields: { port: { type: 'integer' }, protocol: { type: 'string', default: 'TCP' }, name: text },
      },
    },
    extra: { type: 'any' },
  },
}

const words = constantFrom('a', 'b', 'c')
const objects = <T>(value: Arbitrary<T>): Arbitrary<Record<string, T>> =>
  dictionary(words, value, { noNullPrototype: true })
const port = record({ port: constantFrom(1, 2, 3), name: words }, { noNullPrototype: true })
const ports = uniqueArray(port, { selector: (one) => one.port })

/** Values of `shape`. A list names each item once, as configurations must. */
export const values: Arbitrary<Record<string, unknown>> = record(
  {
    name: words,
    labels: objects(words),
    whole: objects(words),
    args: array(words),
    finalizers: uniqueArray(words),
    ports,
    extra: objects(objects(words)),
  },
  { requiredKeys: [], noNullPrototype: true },
)

const elements = constantFrom('f:a', 'f:b', 'k:{"name":"a"}', 'v:"x"')
const leaves: Arbitrary<FieldSet> = constantFrom(LEAF)
const level = (below: Arbitrary<FieldSet>): Arbitrary<FieldSet> => {
  const member = constantFrom(true, false)
  const node = record({ member, children: dictionary(elements, below, { maxKeys: 3 }) })
  return node.map(({ member: isMember, children }) => nodeOf(isMember, children) ?? LEAF)
}

/** Sets of a few elements, three levels deep. */
export const sets: Arbitrary<FieldSet> = dictionary(elements, level(level(leaves)), { maxKeys: 3 })
