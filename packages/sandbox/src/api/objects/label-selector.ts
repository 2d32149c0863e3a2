import { fieldAt, listAt, stringAt } from './fields.ts'

/** Whether labels satisfy all of a `LabelSelector`: its `matchLabels` and its `matchExpressions`. An empty one holds always. */
export function matchesLabelSelector(selector: unknown, labels: unknown): boolean {
  const wanted = Object.entries(fieldAt(selector, 'matchLabels') ?? {})
  return (
    wanted.every(([key, value]) => fieldAt(labels, key) === value) &&
    listAt(selector, 'matchExpressions').every((expression) => meets(labels, expression))
  )
}

function meets(labels: unknown, expression: unknown): boolean {
  const value = stringAt(labels, stringAt(expression, 'key') ?? '')
  const isListed = value !== undefined && listAt(expression, 'values').includes(value)
  switch (stringAt(expression, 'operator') ?? '') {
    case 'In':
      return isListed
    case 'NotIn':
      return !isListed
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
