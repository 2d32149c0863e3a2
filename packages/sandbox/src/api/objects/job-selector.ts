import type { ApiObject } from '../object.ts'
import { isRecord, recordAt } from './fields.ts'

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'

/**
 * Gives a new Job the selector that finds its own pods and no others, by its uid (`generateSelector` in kubernetes
 * pkg/registry/batch/job/strategy.go), and the labels of its pods where it has none of its own.
 */
export function admitJob(object: ApiObject): void {
  const spec = recordAt(object, 'spec')
  const metadata = recordAt(recordAt(spec, 'template'), 'metadata')
  if (spec['manualSelector'] !== true) selectByUid(object, spec, metadata)
  object.metadata.labels ??= { ...labelsOf(metadata) }
  if (Object.keys(object.metadata.labels).length === 0) delete object.metadata.labels
}

function selectByUid(object: ApiObject, spec: Record<string, unknown>, metadata: Record<string, unknown>): void {
  const { name, uid = '' } = object.metadata
  const labels = {
    [CONTROLLER_UID]: uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  }
  metadata['labels'] = { ...labelsOf(metadata), ...labels }
  const matchLabels = recordAt(recordAt(spec, 'selector'), 'matchLabels')
  matchLabels[CONTROLLER_UID] = uid
}

function labelsOf(metadata: Record<string, unknown>): Record<string, string> {
  const labels = metadata['labels']
  if (!isRecord(labels)) return {}
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]))
}
