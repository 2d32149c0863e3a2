import type { Logger } from 'pino'
import { z } from 'zod'
import type { ApiKey } from '../config/schema.ts'
import { followList, LIST_WATCH_TIMES, type ListWatchTimes } from '../discovery/list-watch.ts'
import { messageOf } from '../errors.ts'
import { KeyDocumentError, KEYS_ENTRY, parseKeyDocument, toApiKey } from './key-document.ts'

/** What following the Secret of the keys needs. */
export interface KeySecretOptions {
  /** The API server, as `https://host:port`. */
  readonly apiUrl: string
  /** Folder with `token` and `ca.crt`. */
  readonly serviceAccountDir: string
  readonly namespace: string
  /** Of the Secret. */
  readonly name: string
  readonly log: Logger
  /** Ends it. */
  readonly signal: AbortSignal
  /** All keys of the Secret; called when they are first known, also if there is no such Secret, and when they change. */
  readonly onKeys: (keys: readonly ApiKey[]) => void
  /** Called for each document that cannot be read: what it changes, and what it revokes, is not in force. */
  readonly onUnreadable: () => void
  /** Default {@link LIST_WATCH_TIMES}. */
  readonly times?: ListWatchTimes
}

const Secret = z.object({ data: z.record(z.string(), z.string()).nullish() })

/**
 * Follows the keys in a Secret until `signal` is aborted: a change is there as soon as the API server tells of it. While
 * the server is gone, or the document cannot be read, the last keys stay. A Secret that is deleted takes its keys with it.
 */
export function followKeySecret(options: KeySecretOptions): Promise<void> {
  const { apiUrl, serviceAccountDir, namespace, name, log, signal, times = LIST_WATCH_TIMES } = options
  const documents = new KeyDocuments(options)
  return followList(
    {
      title: 'gateway keys',
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`,
      // The only selector by which a Role that names the Secret lets it be listed and watched.
      query: { fieldSelector: `metadata.name=${name}` },
      parse: (object) => Secret.safeParse(object).data?.data ?? {},
    },
    {
      replace: ([data]) => documents.take(data),
      set: (data) => documents.take(data),
      delete: () => documents.take(undefined),
    },
    { url: apiUrl, serviceAccountDir, times, log, signal },
  )
}

/** Turns what the Secret holds into keys, and tells of each document once. */
class KeyDocuments {
  readonly #options: KeySecretOptions
  /** What was taken last, readable or not; undefined: nothing yet. */
  #last: { readonly text: string | undefined } | undefined

  constructor(options: KeySecretOptions) {
    this.#options = options
  }

  /** @param data of the Secret, base64; undefined: there is no Secret */
  take(data: Readonly<Record<string, string>> | undefined): void {
    const entry = data === undefined ? '' : data[KEYS_ENTRY]
    const text = entry === undefined ? undefined : Buffer.from(entry, 'base64').toString('utf8')
    if (this.#last !== undefined && this.#last.text === text) return
    this.#last = { text }
    const keys = this.#read(text)
    if (keys !== undefined) this.#options.onKeys(keys)
  }

  #read(text: string | undefined): ApiKey[] | undefined {
    const { log, name: secret, onUnreadable } = this.#options
    try {
      if (text === undefined) throw new KeyDocumentError(`it has no entry ${KEYS_ENTRY}`)
      const keys = parseKeyDocument(text).map(toApiKey)
      log.info({ event: 'keys_read', secret, keys: keys.length }, 'the stored keys are read')
      return keys
    } catch (error) {
      log.error({ event: 'keys_unreadable', secret }, `the stored keys stay as they were: ${messageOf(error)}`)
      onUnreadable()
      return undefined
    }
  }
}
