import type { ApiObject } from '../object.ts'
import { listAt, stringAt } from '../objects/fields.ts'
import { ageColumn, wide } from './column.ts'
import type { Column } from './column.ts'

/** RoleBinding and ClusterRoleBinding. */
export const bindingColumns: readonly Column[] = [
  {
    name: 'Role',
    cell: (one) => `${stringAt(one, 'roleRef', 'kind') ?? ''}/${stringAt(one, 'roleRef', 'name') ?? ''}`,
  },
  ageColumn,
  wide({ name: 'Users', cell: (binding) => subjectsOf(binding, 'User') }),
  wide({ name: 'Groups', cell: (binding) => subjectsOf(binding, 'Group') }),
  wide({ name: 'ServiceAccounts', cell: (binding) => subjectsOf(binding, 'ServiceAccount') }),
]

function subjectsOf(binding: ApiObject, kind: string): string {
  const subjects = listAt(binding, 'subjects').filter((subject) => stringAt(subject, 'kind') === kind)
  return subjects
    .map((subject) => {
      const name = stringAt(subject, 'name') ?? ''
      return kind === 'ServiceAccount' ? `${stringAt(subject, 'namespace') ?? ''}/${name}` : name
    })
    .join(', ')
}
