import { request as httpsRequest } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Call } from '../cluster.ts'
import { badRequest, notFound } from '../errors.ts'
import { messageOf } from '@nexus/core'
import type { ApiObject } from '../object.ts'
import { listAt, numberAt, stringAt } from '../objects/fields.ts'
import { StatusError } from '../status.ts'
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
  const target = logUrl(pod, container, kubeletUrl(call, nodeName), call.query)
  const upstream = await connect(target, response)
  response.writeHead(upstream.statusCode ?? 502, { 'content-type': upstream.headers['content-type'] ?? 'text/plain' })
  response.flushHeaders()
  upstream.on('error', () => response.destroy())
  upstream.pipe(response)
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

function kubeletUrl({ cluster }: Call, nodeName: string): URL {
  const node = cluster.store.get('nodes', '', nodeName)
  if (!node) throw notFound({ group: '', plural: 'nodes', kind: 'Node' }, nodeName)
  const addresses = listAt(node, 'status', 'addresses')
  const internal = addresses.find((address) => stringAt(address, 'type') === 'InternalIP')
  const host = stringAt(internal, 'address')
  const port = numberAt(node, 'status', 'daemonEndpoints', 'kubeletEndpoint', 'Port')
  if (host !== undefined && port !== undefined && port > 0) return new URL(`https://${host}:${port}`)
  throw new StatusError(500, 'InternalError', `no preferred addresses found; known addresses: [] (node ${nodeName})`)
}

function logUrl({ metadata }: ApiObject, container: string, kubelet: URL, query: URLSearchParams): URL {
  const path = ['containerLogs', metadata.namespace ?? '', metadata.name, container]
  const url = new URL(`/${path.map((part) => encodeURIComponent(part)).join('/')}`, kubelet)
  for (const name of PASSED_ON) {
    const value = query.get(name)
    if (value !== null) url.searchParams.set(name, value)
  }
  return url
}

/** Asks the node. Its certificate is not checked, as kube-apiserver does where it has no authority for kubelets. */
function connect(url: URL, client: ServerResponse): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url, { rejectUnauthorized: false, agent: false }, resolve)
    request.on('error', (error) => {
      const message = `Get ${JSON.stringify(url.href)}: ${messageOf(error)}`
      reject(new StatusError(500, 'InternalError', message))
    })
    client.once('close', () => request.destroy())
    request.end()
  })
}
