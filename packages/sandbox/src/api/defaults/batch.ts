import type { ApiObject } from '../object.ts'
import { isRecord, listAt, recordAt } from '../objects/fields.ts'
import { defaultTemplate } from './workload.ts'

/** A Job with one of the two numbers missing: one completion, as many at once as it is told. */
export function defaultJob(object: ApiObject): void {
  const spec = recordAt(object, 'spec')
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) spec['completions'] = 1
  spec['parallelism'] ??= 1
  spec['backoffLimit'] ??= 6
  spec['completionMode'] ??= 'NonIndexed'
  spec['suspend'] ??= false
  spec['manualSelector'] ??= false
  spec['podReplacementPolicy'] ??= isRecord(spec['podFailurePolicy']) ? 'Failed' : 'TerminatingOrFailed'
  for (const rule of listAt(spec, 'podFailurePolicy', 'rules')) defaultFailureRule(rule)
  defaultTemplate(spec)
}

export function defaultCronJob(object: ApiObject): void {
  const spec = recordAt(object, 'spec')
  spec['concurrencyPolicy'] ??= 'Allow'
  spec['suspend'] ??= false
  spec['successfulJobsHistoryLimit'] ??= 3
  spec['failedJobsHistoryLimit'] ??= 1
  const jobTemplate = recordAt(spec, 'jobTemplate')
  recordAt(jobTemplate, 'metadata')
  defaultTemplate(recordAt(jobTemplate, 'spec'))
}

function defaultFailureRule(rule: unknown): void {
  for (const condition of listAt(rule, 'onPodConditions')) if (isRecord(condition)) condition['status'] ??= 'True'
}
