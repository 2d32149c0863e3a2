import { stringify } from 'yaml'
import { CatalogError } from './errors.ts'
import type { CatalogModel } from './model.ts'
import { byKey } from './parse.ts'
import { CATALOG_NAME, PLATFORM_NAMESPACE } from './read.ts'

/** What a ConfigMap holds at most: `validation.MaxSecretSize` of the Kubernetes API, 1 MiB of keys and values. */
const CONFIG_MAP_MAX_BYTES = 1024 * 1024

/**
 * The catalog's ConfigMap as YAML: one line a model, sorted by name, so that two releases can be compared line by line.
 * @throws CatalogError `NEXUS_CATALOG_NOT_WRITABLE` for a name used twice, or when the whole is over 1 MiB.
 */
export function renderCatalogConfigMap(models: readonly CatalogModel[], namespace = PLATFORM_NAMESPACE): string {
  const entries = models.map((model): [string, string] => [model.name, JSON.stringify(inOrder(model))]).sort(byKey)
  checkEntries(entries)
  return toYaml({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: CATALOG_NAME,
      namespace,
      labels: { 'app.kubernetes.io/part-of': 'nexus', 'opendatahub.io/managed': 'true' },
    },
    data: Object.fromEntries(entries),
  })
}

/** The eight fields in the order in which they are documented, whatever order the model was made in. */
function inOrder(model: CatalogModel): CatalogModel {
  const { name, displayName, shortDescription, namespace, tags, latestTag, updatedDate, euRestricted } = model
  return { name, displayName, shortDescription, namespace, tags, latestTag, updatedDate, euRestricted }
}

function checkEntries(entries: readonly [string, string][]): void {
  const twice = entries.find(([key], index) => key === entries[index - 1]?.[0])
  if (twice !== undefined) throw notWritable(`the model ${twice[0]} is there twice`)
  const bytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0)
  if (bytes > CONFIG_MAP_MAX_BYTES) throw notWritable(`${bytes} bytes are more than a ConfigMap holds`)
}

function notWritable(why: string): CatalogError {
  return new CatalogError('NEXUS_CATALOG_NOT_WRITABLE', `The catalog cannot be written: ${why}.`, {
    hint: `A ConfigMap takes ${CONFIG_MAP_MAX_BYTES} bytes and each name once: leave models or long descriptions out.`,
  })
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}

/** YAML without folded lines: a value stays on its line. */
export function toYaml(value: object): string {
  return stringify(value, { lineWidth: 0, singleQuote: true })
}
