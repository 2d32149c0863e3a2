import { hasSubresource } from '../resources/resource.ts'
import type { Resource } from '../resources/resource.ts'
import { LEAF } from './field-set.ts'
import type { FieldSet } from './field-set.ts'

const STATUS: FieldSet = { 'f:status': LEAF }
const SPEC: FieldSet = { 'f:spec': LEAF }

/** What `/status` of a kind resets besides the spec. */
const ON_STATUS: Readonly<Record<string, FieldSet>> = {
  'deployments.apps': { ...SPEC, 'f:metadata': { 'f:labels': LEAF } },
  pods: { ...SPEC, 'f:metadata': { 'f:deletionTimestamp': LEAF, 'f:ownerReferences': LEAF } },
  'customresourcedefinitions.apiextensions.k8s.io': { ...SPEC, 'f:metadata': LEAF },
}

/** What an endpoint of a resource takes from the stored object, whatever is sent: nobody comes to own it there. */
export function resetFields(resource: Resource, subresource: string): FieldSet {
  if (subresource === 'status') return (!resource.custom && ON_STATUS[resource.storageKey]) || SPEC
  return hasSubresource(resource, 'status') ? STATUS : LEAF
}
