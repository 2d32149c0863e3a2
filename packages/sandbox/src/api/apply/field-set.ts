/**
 * A set of fields in the form in which objects carry it (`fieldsV1`): a tree of path elements. A node is in the set where it
 * has no children or a child `.`; the root stands for the object and is never in the set. Sets are never changed: they
 * share nodes.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet
}

const ITSELF = '.'

/** A node that is in the set and has no children; as a root, the empty set. */
export const LEAF: FieldSet = {}

export function isEmpty(set: FieldSet): boolean {
  for (const _element in set) return false
  return true
}

function isMember(node: FieldSet): boolean {
  return ITSELF in node || isEmpty(node)
}

/** A node with these children; undefined where neither it nor any of them is in the set. */
export function nodeOf(member: boolean, children: FieldSet): FieldSet | undefined {
  if (isEmpty(children)) return member ? LEAF : undefined
  return member ? { [ITSELF]: LEAF, ...children } : children
}

/** What a combination keeps of nodes that only one side has, and whether a node of both sides is in the result. */
interface Rule {
  readonly left: boolean
  readonly right: boolean
  readonly both: (left: boolean, right: boolean) => boolean
}

const UNION: Rule = { left: true, right: true, both: (left, right) => left || right }
const DIFFERENCE: Rule = { left: true, right: false, both: (left, right) => left && !right }
const INTERSECTION: Rule = { left: false, right: false, both: (left, right) => left && right }

function combine(left: FieldSet, right: FieldSet, rule: Rule): FieldSet {
  const combined: Record<string, FieldSet> = {}
  for (const [element, node] of Object.entries(left)) {
    const other = right[element]
    const kept = other === undefined ? rule.left && node : combineNodes(element, node, other, rule)
    if (kept) combined[element] = kept
  }
  if (!rule.right) return withoutItself(combined)
  for (const [element, node] of Object.entries(right)) if (!(element in left)) combined[element] = node
  return withoutItself(combined)
}

function combineNodes(element: string, left: FieldSet, right: FieldSet, rule: Rule): FieldSet | undefined {
  if (element === ITSELF) return undefined
  return nodeOf(rule.both(isMember(left), isMember(right)), combine(left, right, rule))
}

/** The children alone: whether the node is in the set is said anew by `nodeOf`. */
function withoutItself(children: Record<string, FieldSet>): FieldSet {
  delete children[ITSELF]
  return children
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmpty(left)) return right
  return isEmpty(right) ? left : combine(left, right, UNION)
}

/** What is in `left` and not in `right`. The fields below a field of `right` stay. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  return isEmpty(right) ? left : combine(left, right, DIFFERENCE)
}

export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, INTERSECTION)
}

/** What is in `set`, and neither in `right` nor below a field of it. */
export function without(set: FieldSet, right: FieldSet): FieldSet {
  const kept: Record<string, FieldSet> = {}
  for (const [element, node] of Object.entries(set)) {
    const other = right[element]
    const rest = other === undefined ? node : restOf(node, other)
    if (rest) kept[element] = rest
  }
  return kept
}

function restOf(node: FieldSet, right: FieldSet): FieldSet | undefined {
  if (isMember(right)) return undefined
  return nodeOf(isMember(node), withoutItself({ ...without(node, right) }))
}

/** Whether the path of this one element is in the set. */
export function hasElement(set: FieldSet, element: string): boolean {
  const node = set[element]
  return node !== undefined && isMember(node)
}

/** What the set says of the fields below an element. */
export function below(set: FieldSet, element: string): FieldSet {
  const { [ITSELF]: _itself, ...children } = set[element] ?? LEAF
  return children
}

/** Each path of the set, in the order of their elements. */
export function pathsOf(set: FieldSet): string[][] {
  return elementsOf(set).flatMap((element) => {
    const inner = pathsOf(below(set, element)).map((path) => [element, ...path])
    return hasElement(set, element) ? [[element], ...inner] : inner
  })
}

/** The elements of the top, sorted, without the set itself. */
export function elementsOf(set: FieldSet): string[] {
  return Object.keys(set)
    .filter((element) => element !== ITSELF)
    .sort(byElement)
}

/** The order in which the API server writes a set: `.` first, fields before keys before values. */
export function sortSet(set: FieldSet): FieldSet {
  const elements = Object.keys(set)
  if (elements.length === 0) return LEAF
  if (elements.length > 1) elements.sort(byElement)
  return Object.fromEntries(elements.map((element) => [element, sortSet(set[element] ?? LEAF)]))
}

function byElement(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}
