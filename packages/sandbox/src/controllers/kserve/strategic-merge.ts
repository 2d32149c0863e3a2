import type { Container, EnvVar, PodSpec } from '@nexus/kube'
import { isJsonObject, isSameJson } from '../runtime/merge-patch.ts'
import type { JsonObject } from '../runtime/merge-patch.ts'

/** Lists of pod specs that merge item by item, and the field that tells their items apart (k8s.io/api/core/v1 `patchMergeKey`). */
const MERGE_KEYS: Record<string, string> = {
  containers: 'name',
  env: 'name',
  imagePullSecrets: 'name',
  initContainers: 'name',
  ports: 'containerPort',
  volumeMounts: 'mountPath',
  volumes: 'name',
}

/**
 * The runtime's container with what the InferenceService says on top: `MergeRuntimeContainers` in
 * controller/v1beta1/inferenceservice/utils/utils.go. Arguments are appended, everything else merges strategically.
 */
export function mergeContainer(base: Container, overlay: Partial<Container>): Container {
  const merged = strategicMerge(base, overlay)
  const args = [...(base.args ?? []), ...(overlay.args ?? [])]
  const env = merged.env?.map((entry) => withoutValueConflict(entry, overlay.env ?? []))
  return {
    ...merged,
    name: overlay.name || base.name,
    ...(args.length > 0 && { args }),
    ...(env && { env }),
  }
}

/** The runtime's pod fields with those of the predictor on top: `MergePodSpec` in the same file. */
export function mergePodFields(base: Partial<PodSpec>, overlay: Partial<PodSpec>): Partial<PodSpec> {
  return strategicMerge(base, overlay)
}

/** After a merge an entry can have `value` and `valueFrom`; what the overlay says stays (pkg/utils/container_merge.go). */
function withoutValueConflict(entry: EnvVar, overlay: readonly EnvVar[]): EnvVar {
  if (!entry.value || entry.valueFrom === undefined) return entry
  const said = overlay.find(({ name }) => name === entry.name)
  const { name, value, valueFrom } = entry
  if (said?.valueFrom !== undefined) return { name, valueFrom }
  return said?.value ? { name, value } : entry
}

function strategicMerge<T extends object>(base: T, overlay: Partial<T>): T {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- merging two objects of one shape keeps the shape
  return mergeObjects(fieldsOf(base), fieldsOf(overlay)) as T
}

function fieldsOf(object: object): JsonObject {
  return Object.fromEntries(Object.entries(object))
}

function mergeObjects(base: JsonObject, overlay: JsonObject): JsonObject {
  const merged = { ...base }
  for (const [key, value] of Object.entries(overlay)) {
    if (value === undefined) continue
    merged[key] = mergeValues(base[key], value, MERGE_KEYS[key])
  }
  return merged
}

function mergeValues(base: unknown, overlay: unknown, mergeKey: string | undefined): unknown {
  if (isJsonObject(base) && isJsonObject(overlay)) return mergeObjects(base, overlay)
  if (mergeKey !== undefined && Array.isArray(base) && Array.isArray(overlay)) {
    return mergeLists(base.filter(isJsonObject), overlay.filter(isJsonObject), mergeKey)
  }
  return overlay
}

/**
 * Items of both lists in the order of apimachinery's strategic merge (`normalizeElementOrder`, `mergeSortedSlice` in
 * util/strategicpatch/patch.go): the overlay's order is kept, an item that only the base has stands before the first
 * overlay item that follows it in the base. So an item that only the overlay has comes first, not last.
 */
function mergeLists(base: JsonObject[], overlay: JsonObject[], mergeKey: string): JsonObject[] {
  const indexInBase = (item: JsonObject) => base.findIndex((other) => isSameJson(other[mergeKey], item[mergeKey]))
  const left = base.filter((item) => !overlay.some((other) => isSameJson(other[mergeKey], item[mergeKey])))
  const merged: JsonObject[] = []
  for (const item of overlay) {
    const place = indexInBase(item)
    const before = left.findIndex((other) => indexInBase(other) >= place)
    if (place !== -1) merged.push(...left.splice(0, before === -1 ? left.length : before))
    const original = base[place]
    merged.push(original === undefined ? item : mergeObjects(original, item))
  }
  return [...merged, ...left]
}
