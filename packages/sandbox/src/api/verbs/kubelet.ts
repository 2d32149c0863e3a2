import { request as httpsRequest } from 'node:https'
import type { ClientRequest, OutgoingHttpHeaders } from 'node:http'
import { messageOf } from '@nexus/core'
import type { Cluster } from '../cluster.ts'
import { notFound } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { listAt, numberAt, stringAt } from '../objects/fields.ts'
import { StatusError } from '../status.ts'

/** What is asked of a node about one of its pods. */
export interface KubeletRequest {
  /** `containerLogs`, `portForward`. */
  readonly endpoint: string
  /** Further segments of the path after the pod's namespace and name. */
  readonly rest?: readonly string[]
  readonly query?: URLSearchParams
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
}

/**
 * A request to the kubelet of the pod's node, not sent yet. Its certificate is not checked, as kube-apiserver does where it
 * has no authority for kubelets.
 */
export function askKubelet(cluster: Cluster, pod: ApiObject, kubelet: URL, asked: KubeletRequest): ClientRequest {
  const { endpoint, rest = [], query, method = 'GET', headers } = asked
  const path = [endpoint, pod.metadata.namespace ?? '', pod.metadata.name, ...rest]
  const url = new URL(`/${path.map((part) => encodeURIComponent(part)).join('/')}`, kubelet)
  url.search = query?.toString() ?? ''
  const token = cluster.kubeletToken
  return httpsRequest(url, {
    method,
    headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    rejectUnauthorized: false,
    agent: false,
  })
}

/** What a client is told when the node cannot be reached. */
export function kubeletUnreachable({ method, protocol, host, path }: ClientRequest, error: Error): StatusError {
  const verb = `${method.slice(0, 1)}${method.slice(1).toLowerCase()}`
  const message = `${verb} ${JSON.stringify(`${protocol}//${host}${path}`)}: ${messageOf(error)}`
  return new StatusError(500, 'InternalError', message)
}

/**
 * Where the kubelet of a node listens.
 * @throws StatusError 404 where there is no such node, in kube-apiserver's words; 500 where it says no address.
 */
export function kubeletUrl(cluster: Cluster, nodeName: string): URL {
  const node = cluster.store.get('nodes', '', nodeName)
  if (!node) throw notFound({ group: '', plural: 'pods', kind: 'Pod' }, nodeName)
  const addresses = listAt(node, 'status', 'addresses')
  const internal = addresses.find((address) => stringAt(address, 'type') === 'InternalIP')
  const host = stringAt(internal, 'address')
  const port = numberAt(node, 'status', 'daemonEndpoints', 'kubeletEndpoint', 'Port')
  if (host !== undefined && port !== undefined && port > 0) return new URL(`https://${host}:${port}`)
  throw new StatusError(500, 'InternalError', `no preferred addresses found; known addresses: [] (node ${nodeName})`)
}
