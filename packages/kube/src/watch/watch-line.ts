import type { Kind } from '../client.ts'
import type { KubeObject } from '../objects.ts'
import type { KubeStatus } from '../errors.ts'
import { isStatus } from '../http/failures.ts'
import { isObjectOf, isRecord, parseJson, textAt } from '../http/json.ts'

/** One line of a watch's body. */
export type WatchLine<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  | { readonly type: 'ERROR'; readonly status: KubeStatus }
  /** Not a line of the protocol: something between us and the server broke the body. */
  | { readonly type: 'BROKEN'; readonly text: string }

/** Reads one line of a watch's body. */
export function parseWatchLine<T extends KubeObject>(kind: Kind<T>, text: string): WatchLine<T> {
  const line = parseJson(text)
  if (!isRecord(line)) return { type: 'BROKEN', text }
  const { type, object } = line
  if (type === 'ERROR' && isStatus(object)) return { type, status: object }
  if (type === 'BOOKMARK') {
    return { type, resourceVersion: textAt(object, 'metadata', 'resourceVersion') ?? '' }
  }
  if ((type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') && isObjectOf(kind, object))
    return { type, object }
  return { type: 'BROKEN', text }
}
