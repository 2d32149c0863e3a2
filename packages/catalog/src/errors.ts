import { NexusError } from '@nexus/core'

export type CatalogErrorCode =
  /** The ConfigMap does not exist. */
  | 'NEXUS_CATALOG_NOT_FOUND'
  /** The caller may not read the ConfigMap. */
  | 'NEXUS_CATALOG_FORBIDDEN'
  /** The ConfigMap has no entry that can be used. */
  | 'NEXUS_CATALOG_EMPTY'
  /** No model of this name. */
  | 'NEXUS_CATALOG_UNKNOWN_MODEL'
  /** The model has no such tag. */
  | 'NEXUS_CATALOG_UNKNOWN_TAG'
  /** A catalog to be written breaks a rule of ConfigMaps. */
  | 'NEXUS_CATALOG_NOT_WRITABLE'

/** The catalog cannot be read or written, or does not have what was asked for. */
export class CatalogError extends NexusError<CatalogErrorCode> {
  override readonly name = 'CatalogError'
}
