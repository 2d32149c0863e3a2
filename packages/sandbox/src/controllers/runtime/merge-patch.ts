/** A JSON object of unknown shape. */
export type JsonObject = Record<string, unknown>

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Equality of JSON values as Kubernetes means it: fields left out, `null`, empty objects and empty lists are the same
 * (apimachinery's `equality.Semantic.DeepEqual`).
 */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b) || (isNothing(a) && isNothing(b))) return true
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item: unknown, index) => isSameJson(item, b[index]))
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => isSameJson(a[key], b[key]))
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return typeof value === 'object' && Object.values(value).every(isNothing)
}

/** Whether `actual` has everything that `desired` says; what a server added beside it does not count. Lists count whole. */
export function hasEverything(actual: unknown, desired: unknown): boolean {
  if (isJsonObject(desired)) {
    const found = isJsonObject(actual) ? actual : {}
    return Object.entries(desired).every(([key, value]) => value === undefined || hasEverything(found[key], value))
  }
  if (!Array.isArray(desired)) return isSameJson(actual, desired)
  const found: unknown[] = Array.isArray(actual) ? actual : []
  return found.length === desired.length && desired.every((item, index) => hasEverything(found[index], item))
}

/** The JSON merge patch (RFC 7396) that turns `before` into `after`, or undefined where nothing differs. */
export function mergePatchBetween(before: unknown, after: unknown): JsonObject | undefined {
  const [from, to] = [isJsonObject(before) ? before : {}, isJsonObject(after) ? after : {}]
  const patch: JsonObject = {}
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [old, wanted] = [from[key], to[key]]
    if (isSameJson(old, wanted)) continue
    patch[key] = isJsonObject(old) && isJsonObject(wanted) ? mergePatchBetween(old, wanted) : (wanted ?? null)
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

/** Text that is the same for equal JSON values, whatever the order of their keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isJsonObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  )
}
