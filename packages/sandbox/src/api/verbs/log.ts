import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Call } from '../cluster.ts'
import { badRequest } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { listAt, stringAt } from '../objects/fields.ts'
import { StatusError } from '../status.ts'
import { askKubelet, kubeletUnreachable, kubeletUrl } from './kubelet.ts'
import { requireObject } from './update.ts'

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container'
/** What of the query the kubelet understands. */
const PASSED_ON = ['follow', 'tailLines', 'previous', 'sinceSeconds', 'sinceTime', 'timestamps', 'limitBytes']

/** GET on `pods/<name>/log`: passes the log on as the pod's node sends it, and hangs up there when the client does. */
export async function streamLog(call: Call, response: ServerResponse): Promise<void> {
  const pod = requireObject(call)
  const container = chooseContainer(pod, call.query.get('container') ?? '')
  const nodeName = stringAt(pod, 'spec', 'nodeName')
  // As kube-apiserver: a pod without a node has no log yet, and an empty one is not an error.
  if (!nodeName) {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 0 })
    response.end()
    return
  }
  const asked = { endpoint: 'containerLogs', rest: [container], query: logQuery(call.query) }
  const upstream = await answerTo(askKubelet(call.cluster, pod, kubeletUrl(call.cluster, nodeName), asked), response)
  if ((upstream.statusCode ?? 500) >= 400) throw refusal(upstream.statusCode, await text(upstream))
  response.writeHead(upstream.statusCode ?? 502, { 'content-type': upstream.headers['content-type'] ?? 'text/plain' })
  response.flushHeaders()
  upstream.on('error', () => response.destroy())
  upstream.pipe(response)
}

/** What a kubelet refuses, as kube-apiserver passes it on. */
function refusal(status: number | undefined, message: string): StatusError {
  if (status === 400) return badRequest(message)
  if (status === 500) return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`)
  return new StatusError(status ?? 500, status === 404 ? 'NotFound' : 'Unknown', message)
}

function containerNames(pod: ApiObject, field: string): string[] {
  return listAt(pod, 'spec', field).flatMap((container) => stringAt(container, 'name') ?? [])
}

function chooseContainer(pod: ApiObject, asked: string): string {
  const names = containerNames(pod, 'containers')
  const all = [...names, ...containerNames(pod, 'initContainers')]
  const { name, annotations } = pod.metadata
  const wanted = asked || (annotations?.[DEFAULT_CONTAINER] ?? '')
  if (all.includes(wanted)) return wanted
  if (asked) throw badRequest(`container ${asked} is not valid for pod ${name}`)
  const [only, second] = names
  if (only !== undefined && second === undefined) return only
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`)
}

function logQuery(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...query].filter(([name]) => PASSED_ON.includes(name)))
}

function answerTo(request: ClientRequest, client: ServerResponse): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', (error) => reject(kubeletUnreachable(request, error)))
    client.once('close', () => request.destroy())
    request.end()
  })
}
