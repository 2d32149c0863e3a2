import { applyJsonPatch } from '@nexus/kube'
import type { ServingRuntime } from '@nexus/kube'
import type { MigrationPlan } from './plan.ts'
import { keyVariablesOf } from './references.ts'

/** A ServingRuntime before and after a migration. */
export interface MigrationPreview {
  readonly before: ServingRuntime
  readonly after: ServingRuntime
}

/** What a migration makes of the ServingRuntime, for showing the difference. Pure. A key that stands in it is left out. */
export function previewMigration({ subject, patch }: MigrationPlan): MigrationPreview {
  const before = structuredClone(subject.runtime)
  const after = applyJsonPatch(subject.runtime, patch)
  for (const { variable } of [...keyVariablesOf(before), ...keyVariablesOf(after)]) {
    if (variable.value !== undefined) variable.value = '[redacted]'
  }
  return { before, after }
}
