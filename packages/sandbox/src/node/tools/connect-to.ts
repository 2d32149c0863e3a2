import { route } from '../network/address-map.ts'
import type { AddressMap } from '../network/address-map.ts'

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }
/** Nobody listens on it (TCPMUX), and nobody may without rights: connections are refused. */
const REFUSED_PORT = 1

/**
 * The `--connect-to` arguments with which curl reaches the Services that its arguments name: names, `Host` headers and
 * certificates stay those of the URL. Hosts that are not of the cluster are left to curl.
 */
export function connectToArguments(
  args: readonly string[],
  map: AddressMap,
  pod: { namespace: string; podIP?: string | undefined },
): string[] {
  return args.flatMap((arg) => {
    const url = urlOf(arg)
    if (url === null) return []
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const port = Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 80)
    const answer = route(map, { host, port }, pod.namespace, pod.podIP)
    if (answer.type === 'outside' || answer.type === 'unknown') return []
    const ports = answer.type === 'sockets' ? answer.ports : [REFUSED_PORT]
    const chosen = ports[Math.floor(Math.random() * ports.length)] ?? REFUSED_PORT
    return ['--connect-to', `${url.hostname}:${port}:127.0.0.1:${chosen}`]
  })
}

/** curl takes URLs without a scheme as http. Options and their values that happen to look like one do no harm. */
function urlOf(arg: string): URL | null {
  if (arg.startsWith('-') || /\s/.test(arg)) return null
  const url = URL.parse(/^https?:\/\//i.test(arg) ? arg : `http://${arg}`)
  return url !== null && url.hostname !== '' ? url : null
}
