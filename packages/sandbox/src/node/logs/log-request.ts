import type { LogSelection } from './log-line.ts'

/** What `GET /containerLogs/{namespace}/{pod}/{container}` asks for. */
export interface LogRequest extends LogSelection {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly follow: boolean
  /** The run before the current one. */
  readonly previous: boolean
  readonly timestamps: boolean
  readonly limitBytes?: number | undefined
}

/** Reads the request as kubelets do, or undefined where the path is another. Unreadable numbers count as not given. */
export function parseLogRequest(url: URL, now: Date): LogRequest | undefined {
  const [, namespace, pod, container] = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(url.pathname) ?? []
  if (namespace === undefined || pod === undefined || container === undefined) return undefined
  const flag = (name: string): boolean => url.searchParams.get(name) === 'true'
  const count = (name: string): number | undefined => {
    const text = url.searchParams.get(name)
    return text !== null && /^\d+$/.test(text) ? Number(text) : undefined
  }
  const sinceSeconds = count('sinceSeconds')
  const sinceTime = Date.parse(url.searchParams.get('sinceTime') ?? '')
  const sinceMs = sinceSeconds === undefined ? sinceTime : now.getTime() - sinceSeconds * 1000
  return {
    namespace,
    pod,
    container,
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    tailLines: count('tailLines'),
    since: Number.isNaN(sinceMs) ? undefined : new Date(sinceMs).toISOString(),
    limitBytes: count('limitBytes'),
  }
}
