import { DeployError } from '../errors.ts'
import type { FieldDifference } from '../errors.ts'
import type { DeployInput, DeploymentRef } from '../types.ts'
import { differencesOfInputs } from './compare.ts'

/** What a deployment's inputs were when the caller read them, are now, and shall be. */
export interface ThreeWays {
  readonly base: DeployInput
  readonly live: DeployInput
  readonly wanted: DeployInput
}

/**
 * The inputs that somebody else has changed since they were read, to something else than what is wanted. What controllers
 * write is no input, and an input that already is as wanted is no conflict. Pure.
 */
export function conflictsOf({ base, live, wanted }: ThreeWays): FieldDifference[] {
  const changed = new Map(differencesOfInputs(base, live).map((difference) => [difference.field, difference.live]))
  return differencesOfInputs(live, wanted)
    .filter(({ field }) => changed.has(field))
    .map((difference) => ({ ...difference, base: changed.get(difference.field) }))
}

/** The error of an edit that would undo what somebody else has done, with all three sides of each field. */
export function editConflict({ name, project }: DeploymentRef, conflicts: readonly FieldDifference[]): DeployError {
  const rows = conflicts.map(
    ({ field, base, live, wanted }) =>
      `  ${field}: was ${base || 'none'}, is now ${live || 'none'}, wanted ${wanted || 'none'}`,
  )
  return new DeployError(
    'NEXUS_DEPLOY_EDIT_CONFLICT',
    `Somebody else has changed "${name}" in ${project} since it was read:\n${rows.join('\n')}`,
    { hint: 'Run the edit again to start from what is there now, or add --overwrite.', differences: conflicts },
  )
}
