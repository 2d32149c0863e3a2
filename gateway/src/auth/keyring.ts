import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../errors.ts'
import { presentedKeys } from './credentials.ts'

/** Who is calling and what it may reach. Holds no key. */
export interface Caller {
  /** The first 8 hexadecimal digits of the key's digest: tells keys apart in a log, reveals none. */
  readonly keyId: string
  /** Namespaces whose deployments the key may use; `*` stands for all. Static upstreams are open to every key. */
  readonly projects: ReadonlySet<string>
}

/** Whether a key may use the deployments of a namespace. */
export function mayUseProject(caller: Caller, project: string): boolean {
  return caller.projects.has('*') || caller.projects.has(project)
}

/** Finds the caller behind a key. */
export interface Keyring {
  /** @throws GatewayError `invalid_api_key` (401) */
  authenticate(headers: IncomingHttpHeaders): Caller
}

interface Entry {
  readonly digest: Buffer
  readonly caller: Caller
}

/** Unknown keys are compared as well, against this, so that they take the same path. */
const NOBODY = createHash('sha256').update('').digest()

/** Hashes the keys once; the plain text is not kept. */
export function createKeyring(keys: Iterable<{ readonly key: string; readonly projects: readonly string[] }>): Keyring {
  const entries = new Map<string, Entry>()
  for (const { key, projects } of keys) {
    const digest = digestOf(key)
    const id = digest.toString('hex')
    entries.set(id, { digest, caller: { keyId: id.slice(0, 8), projects: new Set(projects) } })
  }
  return { authenticate: (headers) => authenticate(entries, headers) }
}

function authenticate(entries: ReadonlyMap<string, Entry>, headers: IncomingHttpHeaders): Caller {
  const presented = presentedKeys(headers)
  for (const key of presented) {
    const digest = digestOf(key)
    const entry = entries.get(digest.toString('hex'))
    if (timingSafeEqual(digest, entry?.digest ?? NOBODY) && entry !== undefined) return entry.caller
  }
  const message =
    presented.length === 0
      ? 'No API key was given. Send it as "Authorization: Bearer <key>" or "X-API-Key: <key>".'
      : 'The API key is not valid. Check the key, or ask the platform admin for one.'
  throw new GatewayError('invalid_api_key', message, { headers: { 'www-authenticate': 'Bearer' } })
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
