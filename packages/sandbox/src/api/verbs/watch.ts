import type { ServerResponse } from 'node:http'
import type { Call } from '../cluster.ts'
import { expired } from '../errors.ts'
import type { AnswerForm } from '../http/negotiation.ts'
import type { ApiObject } from '../object.ts'
import { selectionOf } from '../objects/selection.ts'
import type { Selection } from '../objects/selection.ts'
import type { StatusError } from '../status.ts'
import type { Change } from '../store/history.ts'
import { encode } from '../store/store.ts'
import { eventLine } from './event-line.ts'
import type { EventType } from './event-line.ts'
import { PacedWriter } from './paced-writer.ts'
import { checkListOptions } from './list-options.ts'
import { parseVersion } from './versions.ts'
import { wholeNumber } from './whole-number.ts'

/** A watch without `timeoutSeconds` ends after this many milliseconds, in kube-apiserver 30 to 60 minutes. */
const DEFAULT_TIMEOUT_MS = 30 * 60_000
/** The longest a timer can wait: Node lets longer ones end at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1
const BOOKMARK_INTERVAL_MS = 30_000
/** Bytes a client may leave unread, besides what it is sent at the beginning, before it is cut: it lists again. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024

/**
 * GET with `watch=true`: one JSON line for each change, from the version the client names, or from everything that exists
 * where it names none.
 */
export function watchObjects(call: Call, form: AnswerForm, response: ServerResponse): void {
  const { cluster, resource, path, query } = call
  checkListOptions(query, true)
  const version = parseVersion(query.get('resourceVersion'))
  const timeoutMs = timeoutOf(query)
  const matches = selectionOf(resource, query, path.namespace, path.name)
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
  // Without this, the client of a watch on which nothing happens would wait for the headers.
  response.flushHeaders()
  const stream = new WatchStream(call, form, response, matches)
  const initial = version === 0 || query.get('sendInitialEvents') === 'true'
  const past = initial ? [] : cluster.store.since(resource.storageKey, version)
  // A version from the future is another cluster's: waiting for it would leave the client with stale objects.
  if (!past || version > cluster.store.version)
    return stream.fail(tooOld(version, cluster.store.floor(resource.storageKey)))
  if (initial) stream.sendExisting()
  for (const change of past) stream.send(change)
  stream.follow(timeoutMs)
}

function timeoutOf(query: URLSearchParams): number {
  const seconds = wholeNumber(query, 'timeoutSeconds') ?? 0
  return seconds > 0 ? Math.min(seconds * 1000, MAX_TIMEOUT_MS) : DEFAULT_TIMEOUT_MS
}

function tooOld(version: number, floor: number): StatusError {
  return expired(`too old resource version: ${version} (${floor})`)
}

/** One open watch. */
class WatchStream {
  readonly #call: Call
  readonly #form: AnswerForm
  readonly #response: ServerResponse
  readonly #writer: PacedWriter
  readonly #matches: Selection

  constructor(call: Call, form: AnswerForm, response: ServerResponse, matches: Selection) {
    this.#call = call
    this.#form = form
    this.#response = response
    this.#writer = new PacedWriter(response)
    this.#matches = matches
  }

  /** Sends everything that exists as ADDED, and a bookmark where the client asked to be told when that is done. */
  sendExisting(): void {
    const { cluster, resource, path, query } = this.#call
    for (const object of cluster.store.list(resource.storageKey, path.namespace)) {
      if (this.#matches(object)) this.#write('ADDED', object)
    }
    if (query.get('sendInitialEvents') === 'true') this.#bookmark({ 'k8s.io/initial-events-end': 'true' })
  }

  /** Sends a change as the selectors see it: an object that no longer matches is gone for this client. */
  send(change: Change): void {
    const now = change.type !== 'DELETED' && this.#matches(change.object)
    const before = change.previous !== undefined && this.#matches(change.previous)
    if (now) this.#write(before ? 'MODIFIED' : 'ADDED', change.object)
    else if (before) this.#write('DELETED', this.#gone(change))
  }

  /** Sends what happens from now on until the client leaves, is cut or the time is over. */
  follow(timeoutMs: number): void {
    const { cluster, resource } = this.#call
    // Not earlier: a client that is cut at the beginning would begin again, and be cut again.
    this.#writer.limit(MAX_UNREAD_BYTES)
    const unsubscribe = cluster.store.subscribe(resource.storageKey, (change) => this.#follow(change))
    const bookmarks = setInterval(() => this.#allowedBookmark(), BOOKMARK_INTERVAL_MS)
    const stop = (): void => {
      unsubscribe()
      clearTimeout(timeout)
      clearInterval(bookmarks)
    }
    const timeout = setTimeout(() => {
      // First: a change after the end would tear the connection before the client has read what it was sent.
      stop()
      this.#end()
    }, timeoutMs)
    this.#response.once('close', stop)
  }

  /** A change that cannot be shown costs this client its watch; the writer and the other watches must not notice. */
  #follow(change: Change): void {
    try {
      this.send(change)
    } catch (error) {
      this.#giveUp(error)
    }
  }

  /** Ends the watch with an ERROR event: the headers have gone out, so the refusal travels as an event. */
  fail(error: StatusError): void {
    this.#line(JSON.stringify({ type: 'ERROR', object: error.toStatus() }))
    this.#writer.end()
  }

  /** What a selector loses is sent in its last matching state, with the version at which it stopped matching. */
  #gone({ object, previous, type }: Change): ApiObject {
    if (type === 'DELETED' || !previous) return object
    const { resourceVersion } = object.metadata
    return {
      ...previous,
      metadata: { ...previous.metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
    }
  }

  #end(): void {
    this.#allowedBookmark()
    this.#writer.end()
  }

  #allowedBookmark(): void {
    if (this.#call.query.get('allowWatchBookmarks') === 'true') this.#bookmark()
  }

  #bookmark(annotations?: Record<string, string>): void {
    const { cluster, resource } = this.#call
    const { kind, apiVersion } = resource
    // Everything up to the store's version has been sent: changes reach the stream in the moment they are made.
    const metadata = {
      resourceVersion: String(cluster.store.version),
      ...(annotations && { annotations }),
    }
    this.#line(JSON.stringify({ type: 'BOOKMARK', object: { kind, apiVersion, metadata } }))
  }

  #write(type: EventType, object: ApiObject): void {
    this.#writer.send(() => this.#eventLine(type, object), encode(object).length)
  }

  /** Made when the client is ready for it, which may be long after the change. */
  #eventLine(type: EventType, object: ApiObject): Buffer | undefined {
    try {
      return eventLine(type, object, this.#call, this.#form)
    } catch (error) {
      this.#giveUp(error)
      return undefined
    }
  }

  #giveUp(error: unknown): void {
    this.#call.cluster.onFault(error)
    this.#response.destroy()
  }

  #line(json: string): void {
    const line = Buffer.from(`${json}\n`)
    this.#writer.send(() => line, line.length)
  }
}
