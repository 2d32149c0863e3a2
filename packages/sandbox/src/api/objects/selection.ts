import type { ApiObject } from '../object.ts'
import type { Resource } from '../resources/resource.ts'
import { parseFieldSelector } from './field-selector.ts'
import { parseLabelSelector } from './labels.ts'

/** Which objects of a resource a request is about. */
export type Selection = (object: ApiObject) => boolean

/** The selection of a list, watch or deletecollection: one namespace or all, both selectors, and one name if given. */
export function selectionOf(resource: Resource, query: URLSearchParams, namespace: string, name = ''): Selection {
  const byLabels = parseLabelSelector(query.get('labelSelector') ?? '')
  const byFields = parseFieldSelector(query.get('fieldSelector') ?? '', resource)
  return (object) => {
    const { metadata } = object
    if (namespace !== '' && metadata.namespace !== namespace) return false
    if (name !== '' && metadata.name !== name) return false
    return byLabels(metadata.labels) && byFields(object)
  }
}
