import { isNotFound, KubeApiError, Kinds } from '@nexus/kube'
import type { CallOptions, KubeClient } from '@nexus/kube'
import { CatalogError } from './errors.ts'
import { parseCatalog } from './parse.ts'
import type { ParsedCatalog } from './parse.ts'

/** The ConfigMap that holds the catalog. */
export const CATALOG_NAME = 'nim-models-data'
/** The namespace of the platform's own objects unless an admin chose another. */
export const PLATFORM_NAMESPACE = 'nexus'

/** Where a catalog is. */
export interface CatalogLocation {
  readonly namespace: string
  readonly name: string
}

export interface Catalog extends ParsedCatalog {
  readonly location: CatalogLocation
}

/**
 * Reads the catalog of a cluster, without a cache: an edit of the ConfigMap shows in the next call.
 * @throws CatalogError when it is not there, may not be read, or has no usable entry; `KubeApiError` for anything else.
 */
export async function readCatalog(
  kube: KubeClient,
  { namespace = PLATFORM_NAMESPACE, name = CATALOG_NAME }: Partial<CatalogLocation> = {},
  options?: CallOptions,
): Promise<Catalog> {
  const location = { namespace, name }
  try {
    const parsed = parseCatalog(await kube.get({ kind: Kinds.ConfigMap, ...location }, options))
    if (parsed.models.length === 0) throw empty(location, parsed)
    return { ...parsed, location }
  } catch (error) {
    throw explain(error, location)
  }
}

function explain(cause: unknown, { namespace, name }: CatalogLocation): unknown {
  if (isNotFound(cause)) {
    return new CatalogError(
      'NEXUS_CATALOG_NOT_FOUND',
      `There is no catalog: ConfigMap ${namespace}/${name} does not exist.`,
      {
        hint: 'Start a sandbox that has one (nexus up), or ask the admin of this cluster for: kubectl apply -k config/nim/kubernetes',
        cause,
      },
    )
  }
  if (cause instanceof KubeApiError && cause.status === 403) {
    return new CatalogError(
      'NEXUS_CATALOG_FORBIDDEN',
      `You may not read the catalog, ConfigMap ${namespace}/${name}.`,
      {
        hint: `Ask the admin for it: kubectl auth can-i get configmap/${name} -n ${namespace} must say yes.`,
        cause,
      },
    )
  }
  return cause
}

function empty({ namespace, name }: CatalogLocation, { problems }: ParsedCatalog): CatalogError {
  const [first] = problems
  const why = first === undefined ? 'has no entries' : `has no usable entry; "${first.key}" ${first.message}`
  return new CatalogError('NEXUS_CATALOG_EMPTY', `The catalog, ConfigMap ${namespace}/${name}, ${why}.`, {
    hint: 'Restore it: kubectl apply -k config/nim/kubernetes',
  })
}
