import type { ApiObject } from '../object.ts'
import { fieldAt, listAt, numberAt, stringAt } from '../objects/fields.ts'
import { ageOf, humanDuration } from './age.ts'
import { ageColumn, text } from './column.ts'
import type { Column } from './column.ts'
import { conditionStatus } from './pod.ts'
import { templateColumns } from './workload.ts'

export const jobColumns: readonly Column[] = [
  { name: 'Status', cell: jobStatus },
  { name: 'Completions', cell: completions },
  { name: 'Duration', cell: duration },
  ageColumn,
  ...templateColumns(['spec', 'template', 'spec', 'containers'], ['spec', 'selector']),
]

export const cronJobColumns: readonly Column[] = [
  text('Schedule', 'spec.schedule'),
  text('Timezone', 'spec.timeZone', '<none>'),
  { name: 'Suspend', type: 'boolean', cell: (job) => (fieldAt(job, 'spec', 'suspend') === true ? 'True' : 'False') },
  { name: 'Active', type: 'integer', cell: (job) => listAt(job, 'status', 'active').length },
  { name: 'Last Schedule', cell: lastSchedule },
  ageColumn,
  ...templateColumns(
    ['spec', 'jobTemplate', 'spec', 'template', 'spec', 'containers'],
    ['spec', 'jobTemplate', 'spec', 'selector'],
  ),
]

/** In the order in which one hides the other. */
function jobStatus(job: ApiObject): string {
  const has = (type: string): boolean => conditionStatus(job, type) === 'True'
  if (has('Complete')) return 'Complete'
  if (has('Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running'
}

function completions(job: ApiObject): string {
  const succeeded = numberAt(job, 'status', 'succeeded') ?? 0
  const wanted = numberAt(job, 'spec', 'completions')
  if (wanted !== undefined) return `${succeeded}/${wanted}`
  const parallelism = numberAt(job, 'spec', 'parallelism') ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function duration(job: ApiObject, now: Date): string {
  const started = Date.parse(stringAt(job, 'status', 'startTime') ?? '')
  if (Number.isNaN(started)) return ''
  const ended = Date.parse(stringAt(job, 'status', 'completionTime') ?? '')
  return humanDuration(Math.trunc(((Number.isNaN(ended) ? now.getTime() : ended) - started) / 1000))
}

function lastSchedule(job: ApiObject, now: Date): string {
  const last = stringAt(job, 'status', 'lastScheduleTime')
  return last === undefined ? '<none>' : ageOf(last, now)
}
