import { StatusError } from '../status.ts'
import { pathsOf } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import type { ManagerId } from './manager.ts'
import { renderPath } from './path-element.ts'

/** The fields that a configuration would change although another manager owns them. */
export interface Conflict {
  readonly owner: ManagerId
  readonly fields: FieldSet
}

/** An applied configuration that fields of others stand against. `force` makes them the applier's. */
export class ApplyConflict extends StatusError {
  readonly conflicts: readonly Conflict[]

  constructor(conflicts: readonly Conflict[]) {
    const found = conflicts
      .map(({ owner, fields }) => ({ owner: describe(owner), paths: pathsOf(fields).map((path) => renderPath(path)) }))
      .sort((one, other) => (one.owner < other.owner ? -1 : 1))
    const causes = found.flatMap(({ owner, paths }) =>
      paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${owner}`, field })),
    )
    super(409, 'Conflict', messageOf(found), { causes })
    this.conflicts = conflicts
  }
}

/** A manager as messages name it: `"kubectl-edit" using apps/v1`. */
function describe({ manager, operation, apiVersion, subresource }: ManagerId): string {
  const part = subresource && ` with subresource ${JSON.stringify(subresource)}`
  const version = operation === 'Update' ? ` using ${apiVersion}` : ''
  return `${JSON.stringify(manager)}${part}${version}`
}

function messageOf(found: readonly { readonly owner: string; readonly paths: readonly string[] }[]): string {
  const count = found.reduce((sum, { paths }) => sum + paths.length, 0)
  const [first] = found
  if (count === 1) return `Apply failed with 1 conflict: conflict with ${first?.owner}: ${first?.paths.join('')}`
  const listed = found.map(({ owner, paths }) => [`conflicts with ${owner}:`, ...paths.map((path) => `- ${path}`)])
  return `Apply failed with ${count} conflicts: ${listed.flat().join('\n')}`
}
