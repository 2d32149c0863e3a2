import type { ApiObject } from '../object.ts'
import { isRecord, recordAt } from './fields.ts'

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'

/** A Job without labels has those of its pods: the very same, so that it gets those of the selector, too. */
export function shareLabels(object: ApiObject): void {
  const metadata = recordAt(recordAt(recordAt(object, 'spec'), 'template'), 'metadata')
  const labels = labelsOf(metadata)
  if (object.metadata.labels || Object.keys(labels).length === 0) return
  metadata['labels'] = labels
  object.metadata.labels = labels
}

/**
 * Gives a new Job the selector that finds its own pods and no others, by its uid (`generateSelector` in kubernetes
 * pkg/registry/batch/job/strategy.go), and where it has their labels the new ones among them.
 */
export function admitJob(object: ApiObject): void {
  const spec = recordAt(object, 'spec')
  const metadata = recordAt(recordAt(spec, 'template'), 'metadata')
  const shared = metadata['labels']
  if (spec['manualSelector'] !== true) selectByUid(object, spec, metadata)
  const { labels } = object.metadata
  if (labels === undefined || labels === shared) object.metadata.labels = { ...labelsOf(metadata) }
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
