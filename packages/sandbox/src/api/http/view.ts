import type { ApiObject } from '../object.ts'
import type { Resource } from '../resources/resource.ts'
import { renderTable } from '../table.ts'
import type { Page } from '../verbs/read.ts'
import type { AnswerForm } from './negotiation.ts'

function metadataOnly({ metadata }: ApiObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}

/** One object in the view the client asked for. */
export function viewOne(object: ApiObject, resource: Resource, { view, include }: AnswerForm, now: Date): object {
  switch (view) {
    case 'object':
      return object
    case 'metadata':
      return metadataOnly(object)
    case 'table':
      return { ...renderTable(resource, [object], now, include), metadata: versionOf(object) }
    default:
      return view satisfies never
  }
}

function versionOf({ metadata: { resourceVersion } }: ApiObject): object {
  return { resourceVersion }
}

/** The metadata of a list of whole objects: those of custom kinds name an empty token, too. */
export function listMetadata(metadata: Page['metadata'], { custom }: Resource): Page['metadata'] {
  return custom ? { continue: '', ...metadata } : metadata
}

/** A page of a list in the view the client asked for. */
export function viewPage(
  { items, metadata }: Page,
  resource: Resource,
  { view, include }: AnswerForm,
  now: Date,
): object {
  switch (view) {
    case 'object':
      return {
        kind: resource.listKind,
        apiVersion: resource.apiVersion,
        metadata: listMetadata(metadata, resource),
        items: resource.custom ? items : items.map((item) => bare(item)),
      }
    case 'metadata':
      return {
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        metadata,
        items: items.map((item) => metadataOnly(item)),
      }
    case 'table':
      return { ...renderTable(resource, items, now, include), metadata }
    default:
      return view satisfies never
  }
}

/** The items of a list of built-in objects carry no kind and version: the list's own kind says them. */
function bare({ kind: _kind, apiVersion: _apiVersion, ...rest }: ApiObject): object {
  return rest
}
