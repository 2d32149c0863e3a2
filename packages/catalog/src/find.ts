import { nearest } from '@nexus/core'
import { CatalogError } from './errors.ts'
import { repositoryOf } from './model.ts'
import type { CatalogModel } from './model.ts'
import type { ParsedCatalog } from './parse.ts'

/** A model as a person names it. */
export interface ModelReference {
  readonly model: string
  /** Undefined: the model's latest. */
  readonly tag: string | undefined
}

/** Splits `MODEL[:TAG]`; the colon of a registry's port (`host:5000/nim/meta/llama`) is no tag. */
export function parseModelReference(text: string): ModelReference {
  const colon = text.lastIndexOf(':')
  if (colon <= text.lastIndexOf('/')) return { model: text, tag: undefined }
  return { model: text.slice(0, colon), tag: text.slice(colon + 1) || undefined }
}

/**
 * The model of a name: `llama-3.1-8b-instruct`, `meta/llama-3.1-8b-instruct`, `nim/meta/llama-3.1-8b-instruct`, also with
 * a registry before it.
 * @throws CatalogError `NEXUS_CATALOG_UNKNOWN_MODEL` naming the nearest.
 */
export function findModel({ models }: Pick<ParsedCatalog, 'models'>, asked: string): CatalogModel {
  const found = models.find((model) => isCalled(model, asked))
  if (found !== undefined) return found
  const wanted = asked.slice(asked.lastIndexOf('/') + 1)
  const similar = nearest(
    wanted,
    models.map(({ name }) => name),
  )
  throw new CatalogError('NEXUS_CATALOG_UNKNOWN_MODEL', `The catalog has no model "${asked}".`, {
    hint: similar.length > 0 ? `Did you mean ${similar.join(', ')}?` : 'See them all: nexus catalog list',
  })
}

function isCalled(model: CatalogModel, asked: string): boolean {
  const repository = repositoryOf(model)
  const withoutRoot = repository.slice(repository.indexOf('/') + 1)
  return [model.name, withoutRoot, repository].includes(asked) || asked.endsWith(`/${repository}`)
}

/**
 * The tag to deploy: the one asked for, exactly as it is written, or the model's latest.
 * @throws CatalogError `NEXUS_CATALOG_UNKNOWN_TAG` listing the tags.
 */
export function resolveTag({ name, tags, latestTag }: CatalogModel, asked?: string): string {
  if (asked === undefined) return latestTag
  if (tags.includes(asked)) return asked
  throw new CatalogError('NEXUS_CATALOG_UNKNOWN_TAG', `The model ${name} has no tag "${asked}".`, {
    hint: `Its tags: ${tags.join(', ')}.`,
  })
}
