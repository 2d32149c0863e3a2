import { timestamp } from '../cluster.ts'
import type { Call } from '../cluster.ts'
import { badRequest, conflict } from '../errors.ts'
import { isRecord, listAt, recordAt, stringAt } from '../objects/fields.ts'
import { isDryRun } from './dry-run.ts'
import { requireObject } from './update.ts'

const BINDING = { group: '', plural: 'pods/binding', kind: 'Binding' }

/** POST on `pods/<name>/binding`, a scheduler's answer: gives a pod its node, once. */
export function bindPod(call: Call, body: unknown): object {
  const node = stringAt(body, 'target', 'name')
  if (!node) throw badRequest('Binding: target.name: Required value')
  const pod = structuredClone(requireObject(call))
  const before = stringAt(pod, 'spec', 'nodeName')
  if (before)
    throw conflict(BINDING, pod.metadata.name, `pod ${pod.metadata.name} is already assigned to node "${before}"`)
  recordAt(pod, 'spec')['nodeName'] = node
  const status = recordAt(pod, 'status')
  const others = listAt(status, 'conditions').filter((one) => !isRecord(one) || one['type'] !== 'PodScheduled')
  const lastTransitionTime = timestamp(call.cluster.clock())
  status['conditions'] = [...others, { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime }]
  if (!isDryRun(call.query)) call.cluster.store.put(call.resource.storageKey, pod)
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
}
