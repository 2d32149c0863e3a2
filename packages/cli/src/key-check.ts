import { setGlobalProxyFromEnv } from 'node:http'
import { checkKey } from '@nexus/nim-serving'
import type { KeyCheck } from '@nexus/nim-serving'
import type { SecretText } from '@nexus/core'
import type { Cluster } from './cluster.ts'
import type { Shell } from './shell.ts'

/** How a command asks about a key, and who answers. */
export interface KeyChecker {
  readonly checkKey: (key: SecretText, signal?: AbortSignal) => Promise<KeyCheck>
  /** For people: NVIDIA, or a sandbox's stub. */
  readonly checkedBy: string
}

/**
 * Asks `NEXUS_NGC_URL`, else the stub of the sandbox in use, else NVIDIA: through the proxy of `HTTPS_PROXY` or
 * `HTTP_PROXY`, unless `NO_PROXY` names the host.
 */
export function keyChecker({ sandbox }: Pick<Cluster, 'sandbox'>, shell: Pick<Shell, 'env'>): KeyChecker {
  const url = shell.env['NEXUS_NGC_URL'] ?? sandbox?.ngcUrl
  const proxy = proxyFor(url ?? 'https://api.ngc.nvidia.com', shell.env)
  return {
    checkedBy: url !== undefined && url === sandbox?.ngcUrl ? 'the sandbox’s stub' : 'NVIDIA',
    checkKey: (key, signal) =>
      through(proxy, () => checkKey(key, { fetch, url, signal, ...(proxy !== undefined && { proxy }) })),
  }
}

/** `fetch` takes no proxy of its own, only the process's; it is given back afterwards. */
async function through<T>(proxy: string | undefined, use: () => Promise<T>): Promise<T> {
  if (proxy === undefined) return use()
  const restore = setGlobalProxyFromEnv({ HTTP_PROXY: proxy, HTTPS_PROXY: proxy })
  try {
    return await use()
  } finally {
    restore()
  }
}

/** The proxy for an address, as curl and its like read the variables: lower case first. */
export function proxyFor(address: string, env: NodeJS.ProcessEnv): string | undefined {
  const url = URL.parse(address)
  if (url === null) return undefined
  const named = (name: string): string | undefined => env[name] || env[name.toUpperCase()] || undefined
  const proxy = named(url.protocol === 'https:' ? 'https_proxy' : 'http_proxy')
  const exceptions = (named('no_proxy') ?? '').split(/[\s,]+/).filter((entry) => entry !== '')
  return exceptions.some((entry) => isExempt(url, entry)) ? undefined : proxy
}

/** `*`, a host with or without a port, or a domain, with or without the dot in front. */
function isExempt({ hostname, port, protocol }: URL, entry: string): boolean {
  if (entry === '*') return true
  const [, domain = '', only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? []
  if (only !== undefined && only !== (port || (protocol === 'https:' ? '443' : '80'))) return false
  return hostname === domain || hostname.endsWith(`.${domain}`)
}
