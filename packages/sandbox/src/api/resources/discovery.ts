import type { Resource, Subresource } from './resource.ts'

/** The API groups of `resources` with their versions, most preferred first, in the order they were registered. */
function groupsOf(resources: readonly Resource[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const { group, version } of resources) {
    const versions = groups.get(group) ?? []
    if (!versions.includes(version)) versions.push(version)
    groups.set(group, versions)
  }
  for (const versions of groups.values()) versions.sort(byStability)
  return groups
}

/** v2 before v1, v1 before v1beta1, v1beta1 before v1alpha1 (apimachinery `CompareKubeAwareVersionStrings`). */
export function byStability(a: string, b: string): number {
  const [left, right] = [rank(a), rank(b)]
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? 0
    if (value !== other) return other - value
  }
  return a < b ? -1 : 1
}

function rank(version: string): number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  if (!match) return [-1, 0, 0]
  const stability = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0
  return [stability, Number(match[1]), Number(match[3] ?? 0)]
}

function groupVersion(group: string, version: string): { groupVersion: string; version: string } {
  return { groupVersion: group ? `${group}/${version}` : version, version }
}

function describeGroup(name: string, versions: readonly string[]): object {
  const described = versions.map((version) => groupVersion(name, version))
  return { name, versions: described, preferredVersion: described[0] }
}

/** `/api`: the versions of the core group. */
export function coreVersions(address: string): object {
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: address }]
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs }
}

/** `/apis`: every group but the core one. */
export function groupList(resources: readonly Resource[]): object {
  const groups = [...groupsOf(resources)].filter(([name]) => name !== '')
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.map(([name, versions]) => describeGroup(name, versions)),
  }
}

/** `/apis/<group>`, or undefined where there is no such group. */
export function groupOf(resources: readonly Resource[], name: string): object | undefined {
  const versions = groupsOf(resources).get(name)
  return versions && { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(name, versions) }
}

/** `/api/v1`, `/apis/<group>/<version>`: the resources of one version, or undefined where there are none. */
export function resourceList(resources: readonly Resource[], apiVersion: string): object | undefined {
  const served = resources.filter((resource) => resource.apiVersion === apiVersion)
  if (served.length === 0) return undefined
  return {
    kind: 'APIResourceList',
    // Left out of the oldest of all lists.
    ...(apiVersion !== 'v1' && { apiVersion: 'v1' }),
    groupVersion: apiVersion,
    resources: served.flatMap((resource) => [
      describeResource(resource),
      ...resource.subresources.map((subresource) => describeSubresource(resource, subresource)),
    ]),
  }
}

function describeResource({ plural, singular, namespaced, kind, verbs, shortNames, categories }: Resource): object {
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
  }
}

function describeSubresource({ plural, namespaced, kind }: Resource, { name, verbs, body }: Subresource): object {
  const own = body?.group === '' ? { kind: body.kind } : body
  return { name: `${plural}/${name}`, singularName: '', namespaced, kind, ...own, verbs }
}

/** `/api` or `/apis` as one document: the groups, their versions and their resources (`APIGroupDiscoveryList`). */
export function aggregatedList(resources: readonly Resource[], version: 'v2' | 'v2beta1', core: boolean): object {
  const groups = [...groupsOf(resources)].filter(([name]) => (name === '') === core)
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(([group, versions]) => ({
      metadata: { name: group },
      versions: versions.map((version) => aggregatedVersion(resources, group, version)),
    })),
  }
}

function aggregatedVersion(resources: readonly Resource[], group: string, version: string): object {
  const served = resources.filter((resource) => resource.group === group && resource.version === version)
  return { version, resources: served.map((resource) => aggregatedResource(resource)), freshness: 'Current' }
}

function aggregatedResource(resource: Resource): object {
  const { plural, singular, namespaced, verbs, shortNames, categories, subresources } = resource
  // Of built-in kinds the API server leaves group and version empty, which stands for those around it.
  const around = resource.custom ? { group: resource.group, version: resource.version } : { group: '', version: '' }
  const own = { ...around, kind: resource.kind }
  return {
    resource: plural,
    responseKind: own,
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && {
      subresources: subresources.map(({ name, verbs, body }) => ({
        subresource: name,
        responseKind: (body && { ...body, ...(body.group === '' && around) }) || own,
        verbs,
      })),
    }),
  }
}
