import type { Resource } from '../resources/resource.ts'
import { encode } from '../store/store.ts'
import type { Page } from '../verbs/read.ts'
import { listMetadata } from './view.ts'

/**
 * A page of a list as JSON, put together from the texts of its objects: those are made once for all lists and watches, and
 * to make them takes longer than everything else about a list.
 */
export function listText({ items, metadata }: Page, resource: Resource): string {
  const { custom, kind, listKind, apiVersion } = resource
  // The items of a list of built-in objects carry no kind and version: the list's own kind says them.
  const own = `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},`
  const texts = items.map((item) => {
    const text = encode(item)
    return !custom && text.startsWith(own) ? `{${text.slice(own.length)}` : text
  })
  const head = JSON.stringify({ kind: listKind, apiVersion, metadata: listMetadata(metadata, resource) })
  return `${head.slice(0, -1)},"items":[${texts.join(',')}]}`
}
