import { text } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import { messageOf } from '../errors.ts'
import { createKey, KeyChangeError, revokeKey, rotateKey, type MadeKey } from './key-changes.ts'
import { KeyDocumentError, parseKeyDocument, renderKeyDocument, type StoredKey } from './key-document.ts'
import { readKeyFile, replaceKeyFile } from './key-file.ts'
import { renderKeyTable, viewKey, type KeyView } from './key-view.ts'
import { KeysUsageError, parseKeysArguments, type KeysRequest } from './keys-arguments.ts'

/** What a command may touch of the process it runs in. */
export interface CommandIo {
  readonly stdin: Readable
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly env: NodeJS.ProcessEnv
}

/** What `--stdin` answers, as one line of JSON. */
export interface KeysAnswer {
  /** The new document; null: as it was. */
  readonly document: string | null
  /** The keys that were asked for, made or revoked. */
  readonly keys: readonly KeyView[]
  /** A key that was made, for the one moment in which it is shown. */
  readonly key?: string
}

/** The exit codes, which are those of `nexus`, and of sysexits.h for a document that cannot be read. */
const EXIT = { failure: 1, usage: 2, not_found: 3, name_taken: 6, expired: 6, document: 65 } as const

const USAGE = `nexus-gateway keys: the keys of the gateway in a document that holds their digests

Usage:
  nexus-gateway keys create NAME (--file FILE | --stdin) [--projects a,b] [--models a,b] [--requests N]
                                 [--tokens N] [--concurrency N] [--expires 30d] [--team T]
  nexus-gateway keys rotate NAME (--file FILE | --stdin) [--overlap 24h] [--expires 30d]
  nexus-gateway keys revoke NAME (--file FILE | --stdin)
  nexus-gateway keys list        (--file FILE | --stdin) [-o json]

  --projects     namespaces whose deployments it may use; * is all of them, none if left out
  --models       the only models it may ask for; all if left out
  --requests     in one window; --tokens in one minute; --concurrency in flight: a number, or none for no limit
  --expires      a span (90s, 30m, 24h, 30d) or a date
  --overlap      how long the old key goes on beside the new one (default: 24h; 0: not at all)
  --stdin        reads the document from standard input and answers {"document","keys","key"} in JSON
`

/**
 * Runs `nexus-gateway keys …`. A new key stands on stdout, once; the document gets its digest.
 *
 * @param argv what follows `keys`
 * @param now wall clock, ms since 1970
 * @returns the exit code
 */
export async function runKeysCommand(
  argv: readonly string[],
  io: CommandIo,
  now: () => number = Date.now,
): Promise<number> {
  if (argv.length === 0 || argv.some((argument) => argument === '--help' || argument === '-h')) {
    io.stdout.write(USAGE)
    return argv.length === 0 ? EXIT.usage : 0
  }
  try {
    const nowMs = now()
    const request = parseKeysArguments(argv, nowMs)
    await runRequest(request, io, nowMs)
    return 0
  } catch (error) {
    io.stderr.write(`${explain(error)}\n`)
    return exitCodeOf(error)
  }
}

async function runRequest(request: KeysRequest, io: CommandIo, nowMs: number): Promise<void> {
  const { store } = request
  const before = store.kind === 'stdin' ? await text(io.stdin) : await readKeyFile(store.path)
  const answer = answerTo(request, parseKeyDocument(before), nowMs)
  if (store.kind === 'stdin') return void io.stdout.write(`${JSON.stringify(answer)}\n`)
  if (answer.document !== null) await replaceKeyFile(store.path, before, answer.document)
  io.stdout.write(renderAnswer(request, answer))
}

/** What the document is after the request, and what is shown of it. */
function answerTo(request: KeysRequest, keys: readonly StoredKey[], nowMs: number): KeysAnswer {
  const view = (key: StoredKey): KeyView => viewKey(key, nowMs)
  switch (request.verb) {
    case 'list':
      return { document: null, keys: keys.map(view) }
    case 'create':
      return answerWith(createKey(keys, request.id, request.policy, nowMs), view)
    case 'rotate':
      return answerWith(rotateKey(keys, request.id, { ...request, nowMs }), view)
    case 'revoke': {
      const revoked = keys.filter((key) => key.id === request.id).map(view)
      return { document: renderKeyDocument(revokeKey(keys, request.id)), keys: revoked }
    }
    default:
      return request satisfies never
  }
}

function answerWith({ keys, stored, key }: MadeKey, view: (key: StoredKey) => KeyView): KeysAnswer {
  return { document: renderKeyDocument(keys), keys: [view(stored)], key }
}

function renderAnswer(request: KeysRequest, { keys, key }: KeysAnswer): string {
  const [first] = keys
  if (request.verb === 'list') return request.json ? renderJson(keys) : renderKeyTable(keys)
  if (key !== undefined) return request.json ? renderJson({ ...first, key }) : `${key}\n`
  return request.json ? renderJson(keys) : `key ${request.id} revoked\n`
}

function renderJson(data: unknown): string {
  return `${JSON.stringify(data, null, 2)}\n`
}

function explain(error: unknown): string {
  if (error instanceof KeysUsageError) return `error: ${error.message}\nRun nexus-gateway keys --help for the flags.`
  if (error instanceof KeyDocumentError) return `error: the document of the keys cannot be read: ${error.message}`
  const isLost = error instanceof KeyChangeError && error.code === 'not_found'
  return `error: ${messageOf(error)}${isLost ? '\nSee which there are: nexus-gateway keys list' : ''}`
}

function exitCodeOf(error: unknown): number {
  if (error instanceof KeysUsageError) return EXIT.usage
  if (error instanceof KeyDocumentError) return EXIT.document
  return error instanceof KeyChangeError ? EXIT[error.code] : EXIT.failure
}
