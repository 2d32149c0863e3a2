import { badRequest } from '../errors.ts'
import { isRecord, numberAt, stringAt } from '../objects/fields.ts'

/** Where the next page of a list begins. */
export interface Continuation {
  /** The version the first page was read at; -1: whatever is there now. */
  readonly version: number
  /** The place of the last object that was sent, as {@link placeOf} has it. */
  readonly after: string
}

/** Ends the place after which a page begins; no name has it. */
const END = '\0'

/** The token of a page, in the form that kube-apiserver writes. */
export function encodeContinue({ version, after }: Continuation): string {
  const token = JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: `/${after}${END}` })
  return Buffer.from(token).toString('base64url')
}

/**
 * Reads a token.
 * @throws StatusError 400 where it is none.
 */
export function parseContinue(token: string | null): Continuation | undefined {
  if (token === null || token === '') return undefined
  const value = decoded(token)
  const version = numberAt(value, 'rv')
  const start = stringAt(value, 'start')
  if (stringAt(value, 'v') !== 'meta.k8s.io/v1' || version === undefined || !start?.startsWith('/'))
    throw badRequest('invalid continue token: continue key is not valid')
  return { version, after: start.slice(1).replace(END, '') }
}

function decoded(token: string): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString())
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}
