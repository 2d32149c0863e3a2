import type { IncomingHttpHeaders } from 'node:http'

/** What a caller may use at most; null means no limit. */
export interface EffectiveLimits {
  readonly requestsPerWindow: number | null
  readonly tokensPerMinute: number | null
  readonly concurrency: number | null
}

/** Who is calling and what it may reach. Holds no key. */
export interface Caller {
  /** Stable and safe to log: the key's id, else the first 12 hexadecimal digits of its digest; `jwt-` and a digest of the subject. */
  readonly id: string
  readonly method: 'api_key' | 'jwt'
  /** Everyone uses this key (`dev-key`): it says nothing of who calls. */
  readonly isShared: boolean
  readonly team: string | undefined
  /** Namespaces whose deployments the caller may use; `*` stands for all. Static upstreams are open to every caller. */
  readonly projects: ReadonlySet<string>
  /** The only models it may ask for; undefined stands for all. */
  readonly models: ReadonlySet<string> | undefined
  readonly limits: EffectiveLimits
}

/** Whether a caller may use the deployments of a namespace. */
export function mayUseProject(caller: Caller, project: string): boolean {
  return caller.projects.has('*') || caller.projects.has(project)
}

/** Whether a caller may ask for a model. The name is compared as it was sent: nothing is folded or trimmed. */
export function mayUseModel(caller: Caller, model: string): boolean {
  return caller.models === undefined || caller.models.has(model)
}

/** Finds the caller behind the credentials of a request. */
export interface Authenticator {
  /** @throws GatewayError `invalid_api_key` (401); at once for keys, possibly as a rejection for tokens */
  authenticate(headers: IncomingHttpHeaders): Caller | Promise<Caller>
}
