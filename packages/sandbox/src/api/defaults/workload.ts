import type { ApiObject } from '../object.ts'
import { recordAt } from '../objects/fields.ts'
import { dropEmpty, dropNulls } from './empty.ts'
import { defaultPodSpec } from './pod.ts'

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

function defaultStrategy(strategy: Record<string, unknown>): void {
  strategy['type'] ||= 'RollingUpdate'
  if (strategy['type'] !== 'RollingUpdate') return
  const rollingUpdate = recordAt(strategy, 'rollingUpdate')
  rollingUpdate['maxUnavailable'] ??= '25%'
  rollingUpdate['maxSurge'] ??= '25%'
}

function defaultTemplate(spec: Record<string, unknown>): void {
  const template = recordAt(spec, 'template')
  const metadata = recordAt(template, 'metadata')
  dropNulls(metadata)
  dropEmpty(metadata, 'labels', 'annotations')
  defaultPodSpec(recordAt(template, 'spec'))
}
