import { refTo } from '../client.ts'
import { explain, refusal } from '../http/failures.ts'
import { objectPath, withQuery } from '../http/paths.ts'
import { linesOf, readText } from '../http/text.ts'
import { Kinds } from '../kinds/index.ts'
import type { NodeKubeClient } from './node-client.ts'

/** Whose log, and which part of it. */
export interface PodLogQuery {
  readonly namespace: string
  readonly pod: string
  /** Needed where the pod has several. */
  readonly container?: string | undefined
  /** Go on with what the container writes, until it ends. Default false. */
  readonly follow?: boolean | undefined
  /** Only the last so many lines. */
  readonly tailLines?: number | undefined
  /** Only what was written in the last so many seconds. */
  readonly sinceSeconds?: number | undefined
  /** The container's run before its last restart. */
  readonly previous?: boolean | undefined
  /** Each line begins with its RFC 3339 time. */
  readonly timestamps?: boolean | undefined
}

/**
 * The log of a pod's container, line by line without line breaks. Ends with the log, or at once when `signal` aborts.
 *
 * @throws KubeApiError when the server refuses: the container does not exist, or has not started (400).
 */
export async function* podLogs(
  kube: Pick<NodeKubeClient, 'transport'>,
  query: PodLogQuery,
  { signal }: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<string, void, undefined> {
  const { namespace, pod, ...params } = query
  const path = withQuery(objectPath(refTo(Kinds.Pod, { name: pod, namespace }), 'log'), params)
  const attempt = {
    doing: `reading the log of Pod ${namespace}/${pod}`,
    asked: `get pods/log -n ${namespace}`,
    request: { method: 'GET', path },
  }
  try {
    const stream = await kube.transport.open({ method: 'GET', path, headers: { accept: '*/*' }, signal })
    if (stream.status >= 400) throw refusal(attempt, stream.status, await readText(stream.chunks))
    yield* linesOf(stream.chunks, 'keep')
  } catch (error) {
    if (signal?.aborted === true) return
    throw explain(attempt, kube.transport.server, error)
  }
}
