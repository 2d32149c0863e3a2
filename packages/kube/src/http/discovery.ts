import type { CallOptions, Kind } from '../client.ts'
import { KubeApiError } from '../errors.ts'
import { knownKind } from '../kinds/index.ts'
import { isRecord, textAt } from './json.ts'
import { groupVersionPath } from './paths.ts'

/** Finds kinds by `apiVersion` and `kind`: the known ones at once, others by asking the server. */
export interface Discovery {
  kindOf(apiVersion: string, kind: string, options?: CallOptions): Promise<Kind>
}

/** Reads a path of the API as JSON. */
type ReadJson = (path: string, options: CallOptions) => Promise<unknown>

/**
 * Discovery that remembers what it found. What it did not find is asked again the next time: a CRD may have been
 * installed in between.
 */
export function createDiscovery(read: ReadJson): Discovery {
  const found = new Map<string, Kind>()
  return {
    async kindOf(apiVersion, kind, options = {}) {
      const key = `${apiVersion} ${kind}`
      const remembered = knownKind(apiVersion, kind) ?? found.get(key)
      if (remembered !== undefined) return remembered
      const path = groupVersionPath(apiVersion)
      for (const each of parseResourceList(apiVersion, await read(path, options))) {
        found.set(`${apiVersion} ${each.kind}`, each)
      }
      return found.get(key) ?? failUnknown(apiVersion, kind, path)
    },
  }
}

/** The kinds of an `APIResourceList`; entries like `pods/log` are subresources, not kinds. */
function parseResourceList(apiVersion: string, value: unknown): Kind[] {
  const resources = isRecord(value) && Array.isArray(value['resources']) ? value['resources'] : []
  return resources.flatMap((resource: unknown) => {
    const kind = textAt(resource, 'kind')
    const plural = textAt(resource, 'name')
    if (kind === undefined || plural === undefined || plural.includes('/')) return []
    return [{ apiVersion, kind, plural, namespaced: isRecord(resource) && resource['namespaced'] === true }]
  })
}

function failUnknown(apiVersion: string, kind: string, path: string): never {
  throw new KubeApiError(
    'NEXUS_KUBE_REFUSED',
    `the server has no kind ${kind} in ${apiVersion}`,
    { status: 404, reason: 'NotFound', request: { method: 'GET', path } },
    { hint: `\`kubectl api-resources\` lists the kinds the cluster has; is the CRD of ${kind} installed?` },
  )
}
