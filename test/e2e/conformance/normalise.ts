/** What differs between two servers that behave alike. Nothing else is overlooked. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>'],
  [
    /(resource ?version(?!s)[^\w<>{}-]{1,4}|ResourceVersion in record \()[1-9]\d*((?: \(|, current: )\d+\)?)?/gi,
    '$1<version>',
  ],
  [/(continue(?:=|": "))[^"&]+/g, '$1<token>'],
  [/-(?:[bcdfghjklmnpqrstvwxz2456789]{8,10}-)?[bcdfghjklmnpqrstvwxz2456789]{5}(?=[\\"/ ])/g, '-<generated>'],
  [/\b(?:10|127)\.\d+\.\d+\.\d+(?::\d+)?/g, '<address>'],
  [/"\d+s"/g, '"<age>"'],
]

/** The text in which two answers are compared: keys in order, volatile values replaced. */
export function normalise(body: unknown, managedFields = false): string {
  const without = (key: string, value: unknown): unknown => (key === 'managedFields' ? undefined : inOrder(key, value))
  const text = JSON.stringify(body, managedFields ? inOrder : without, 1) ?? ''
  return VOLATILE.reduce((normal, [expression, stand]) => normal.replaceAll(expression, stand), text)
}

function inOrder(key: string, value: unknown): unknown {
  // Servers sort them by their times, in whole seconds: whether two share one is chance.
  if (key === 'managedFields' && Array.isArray(value)) return value.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function textOf(value: unknown): string {
  return JSON.stringify(value, inOrder)
}
