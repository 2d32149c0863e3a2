import type { ApiObject } from '../object.ts'
import { isRecord, listAt, recordAt } from '../objects/fields.ts'
import { dropEmpty, dropNulls } from './empty.ts'
import { defaultPodSpec } from './pod.ts'
import { defaultClaim } from './storage.ts'

export function defaultDeployment(object: ApiObject): void {
  const spec = recordAt(object, 'spec')
  spec['replicas'] ??= 1
  spec['revisionHistoryLimit'] ??= 10
  spec['progressDeadlineSeconds'] ??= 600
  defaultStrategy(recordAt(spec, 'strategy'))
  defaultTemplate(spec)
}

export function defaultReplicaSet(object: ApiObject): void {
  const spec = recordAt(object, 'spec')
  spec['replicas'] ??= 1
  defaultTemplate(spec)
}

export function defaultDaemonSet(object: ApiObject): void {
  const spec = recordAt(object, 'spec')
  spec['revisionHistoryLimit'] ??= 10
  const strategy = recordAt(spec, 'updateStrategy')
  strategy['type'] ||= 'RollingUpdate'
  if (strategy['type'] === 'RollingUpdate') {
    const rollingUpdate = recordAt(strategy, 'rollingUpdate')
    rollingUpdate['maxUnavailable'] ??= 1
    rollingUpdate['maxSurge'] ??= 0
  }
  defaultTemplate(spec)
}

export function defaultStatefulSet(object: ApiObject): void {
  const spec = recordAt(object, 'spec')
  spec['replicas'] ??= 1
  spec['serviceName'] ??= ''
  spec['podManagementPolicy'] ||= 'OrderedReady'
  spec['revisionHistoryLimit'] ??= 10
  const strategy = recordAt(spec, 'updateStrategy')
  strategy['type'] ||= 'RollingUpdate'
  if (strategy['type'] === 'RollingUpdate') recordAt(strategy, 'rollingUpdate')['partition'] ??= 0
  const retention = recordAt(spec, 'persistentVolumeClaimRetentionPolicy')
  retention['whenDeleted'] ??= 'Retain'
  retention['whenScaled'] ??= 'Retain'
  for (const claim of listAt(spec, 'volumeClaimTemplates')) if (isRecord(claim)) defaultClaimTemplate(claim)
  defaultTemplate(spec)
}

/** A claim template reads as a claim that has just been made. */
function defaultClaimTemplate(claim: Record<string, unknown>): void {
  claim['kind'] = 'PersistentVolumeClaim'
  claim['apiVersion'] = 'v1'
  claim['status'] ??= { phase: 'Pending' }
  defaultClaim(claim)
}

function defaultStrategy(strategy: Record<string, unknown>): void {
  strategy['type'] ||= 'RollingUpdate'
  if (strategy['type'] !== 'RollingUpdate') return
  const rollingUpdate = recordAt(strategy, 'rollingUpdate')
  rollingUpdate['maxUnavailable'] ??= '25%'
  rollingUpdate['maxSurge'] ??= '25%'
}

/** The pod template of a spec: `template`. */
export function defaultTemplate(spec: Record<string, unknown>): void {
  const template = recordAt(spec, 'template')
  const metadata = recordAt(template, 'metadata')
  dropNulls(metadata)
  dropEmpty(metadata, 'labels', 'annotations')
  defaultPodSpec(recordAt(template, 'spec'))
}
