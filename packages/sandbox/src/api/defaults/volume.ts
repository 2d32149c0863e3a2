import { isRecord, listAt } from '../objects/fields.ts'
import { defaultFieldRef } from './container.ts'
import { canonicalQuantity } from './quantity.ts'

type Fields = Record<string, unknown>

/** Mode 0644, as JSON can only say it in decimal. */
const FILE_MODE = 0o644

export function defaultVolume(volume: Fields): void {
  const sources = Object.keys(volume).filter((key) => key !== 'name')
  if (sources.length === 0) volume['emptyDir'] = {}
  for (const source of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    const files = volume[source]
    if (isRecord(files)) files['defaultMode'] ??= FILE_MODE
  }
  defaultItems(volume['downwardAPI'])
  for (const source of listAt(volume, 'projected', 'sources')) if (isRecord(source)) defaultProjection(source)
  const { emptyDir, hostPath } = volume
  if (isRecord(hostPath)) hostPath['type'] ??= ''
  if (isRecord(emptyDir) && emptyDir['sizeLimit'] !== undefined) {
    emptyDir['sizeLimit'] = canonicalQuantity(emptyDir['sizeLimit'])
  }
}

function defaultProjection(source: Fields): void {
  defaultItems(source['downwardAPI'])
  const { serviceAccountToken } = source
  if (isRecord(serviceAccountToken)) serviceAccountToken['expirationSeconds'] ??= 3600
}

function defaultItems(downwardAPI: unknown): void {
  for (const item of listAt(downwardAPI, 'items')) if (isRecord(item)) defaultFieldRef(item)
}
