import type { ApiObject } from './object.ts'
import { columnsOf } from './table/columns.ts'
import type { PrinterColumn } from './resources/resource.ts'

/** What stands behind each row: `kubectl get --sort-by` needs the whole object. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

/** What a table needs to know about the resource it shows. */
export interface TableResource {
  readonly apiVersion: string
  readonly kind: string
  /** `additionalPrinterColumns` of a custom resource. */
  readonly printerColumns?: readonly PrinterColumn[]
}

/**
 * The objects as a `meta.k8s.io/v1` Table, the form in which `kubectl get` asks for them: the server chooses columns and
 * wording. `now` is what ages count to. The caller adds the table's own `metadata`.
 */
export function renderTable(
  resource: TableResource,
  objects: readonly ApiObject[],
  now: Date,
  include: IncludeObject = 'Metadata',
): object {
  const columns = columnsOf(resource)
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {},
    columnDefinitions: columns.map(({ name, type = 'string', format = '', description = '', priority = 0 }) => {
      return { name, type, format, description, priority }
    }),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, now)),
      ...rowObject(object, include),
    })),
  }
}

function rowObject(object: ApiObject, include: IncludeObject): { object: object | null } {
  switch (include) {
    case 'None':
      return { object: null }
    case 'Metadata':
      return { object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata } }
    case 'Object':
      return { object }
    default:
      return include satisfies never
  }
}
