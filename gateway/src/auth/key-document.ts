import { LineCounter, parseDocument, stringify } from 'yaml'
import { z } from 'zod'
import { ApiKey, KeyPolicy } from '../config/schema/auth.ts'

/** The entry of the Secret that holds the document. */
export const KEYS_ENTRY = 'keys.yaml'

/** A key as it is stored: its digest and what may be shown of it, never the key. */
export const StoredKey = KeyPolicy.extend({
  id: ApiKey.shape.id.unwrap(),
  hash: ApiKey.shape.hash.unwrap(),
  prefix: z.string().max(16).describe('How it begins, so that a person recognises it.'),
  last4: z.string().max(4),
  createdAt: z.iso.datetime({ offset: true }),
})

export type StoredKey = z.infer<typeof StoredKey>

const KeyDocument = z.array(StoredKey)

/** The document of the keys cannot be read. Its message quotes nothing of the document. */
export class KeyDocumentError extends Error {
  override readonly name = 'KeyDocumentError' as const
}

/**
 * Reads the document of the keys, a list in YAML; an empty one holds none. One bad entry spoils all of it: a restriction
 * that cannot be read must not be taken for none.
 *
 * @throws KeyDocumentError
 */
export function parseKeyDocument(text: string): StoredKey[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines })
  const [problem] = document.errors
  if (problem !== undefined) {
    throw new KeyDocumentError(`it is not YAML: ${problem.code} at line ${lines.linePos(problem.pos[0]).line}`)
  }
  const keys = KeyDocument.safeParse(document.toJS() ?? [])
  if (!keys.success) throw new KeyDocumentError(describeIssues(keys.error))
  return keys.data
}

/** The document of the keys, in the order they are in. */
export function renderKeyDocument(keys: readonly StoredKey[]): string {
  if (keys.length === 0) return '[]\n'
  return `# The keys of the gateway by their digest. Written by: nexus gateway keys\n${stringify(keys, { lineWidth: 0 })}`
}

/** A stored key as the gateway takes keys from anywhere. */
export function toApiKey({ prefix: _prefix, last4: _last4, createdAt: _createdAt, ...key }: StoredKey): ApiKey {
  return { ...key, shared: false }
}

function describeIssues(error: z.ZodError): string {
  const issues = error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'it'}: ${message}`)
  const more = issues.length > 5 ? `; and ${issues.length - 5} more` : ''
  return issues.slice(0, 5).join('; ') + more
}
