/** What a client may do with a resource, as discovery lists it. */
export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

/** A column of `kubectl get` that a CustomResourceDefinition asks for. */
export interface PrinterColumn {
  readonly name: string
  readonly type: string
  readonly jsonPath: string
  readonly format?: string
  readonly description?: string
  readonly priority?: number
}

/** A part of an object with an endpoint of its own: `/status`, `/log`, `/token`. */
export interface Subresource {
  readonly name: string
  readonly verbs: readonly Verb[]
  /** What travels in its bodies, where that is another kind than the object's own. */
  readonly body?: { readonly group: string; readonly version: string; readonly kind: string }
}

/** One resource at one version: what URLs, discovery and the verbs know about it. */
export interface Resource {
  readonly group: string
  readonly version: string
  /** `group/version`, or `v1` for the core group. */
  readonly apiVersion: string
  readonly kind: string
  readonly listKind: string
  /** The last path segment, `deployments`. */
  readonly plural: string
  readonly singular: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly verbs: readonly Verb[]
  readonly subresources: readonly Subresource[]
  /** Whether `metadata.generation` counts changes of what the user wishes for. */
  readonly counted: boolean
  /** Whether a CustomResourceDefinition brought it. */
  readonly custom: boolean
  /** Where its objects are kept: `deployments.apps`, one place for all versions. */
  readonly storageKey: string
  /** The `apiVersion` in which objects are kept. */
  readonly storageVersion: string
  readonly printerColumns?: readonly PrinterColumn[]
  /** Of a custom resource: the `openAPIV3Schema` of its version. */
  readonly openApiSchema?: unknown
}

export const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
]

/** `/status` as every resource that has it offers it. */
export const STATUS: Subresource = { name: 'status', verbs: ['get', 'patch', 'update'] }

/** `/scale`, of which autoscalers and `kubectl scale` are the users. */
export const SCALE: Subresource = {
  name: 'scale',
  verbs: ['get', 'patch', 'update'],
  body: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
}

/** `v1`, `apps/v1`: what objects carry as `apiVersion`. */
export function joinApiVersion(group: string, version: string): string {
  return group ? `${group}/${version}` : version
}

export function hasSubresource(resource: Resource, name: string): boolean {
  return resource.subresources.some((subresource) => subresource.name === name)
}
