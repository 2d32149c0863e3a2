import type { ApiObject } from './object.ts'

/** The objects as a Table. */
export function renderTable(_resource: { apiVersion: string; kind: string }, objects: ApiObject[], _now: Date): object {
  const rows = objects.map((object) => ({
    cells: [object.metadata.name, object.metadata.creationTimestamp ?? ''],
    object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
  }))
  const columnDefinitions = [
    { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
    { name: 'Created At', type: 'date', format: '', description: '', priority: 0 },
  ]
  return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: {}, columnDefinitions, rows }
}
