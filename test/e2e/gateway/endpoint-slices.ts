import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { portOf } from '@nexus/kube/testing'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './program.ts'

/** As much of an API server as a gateway needs to learn the endpoints of one Service. Ends with the test. */
export interface SliceServer {
  /** The gateway's `kubernetes` configuration. */
  readonly kubernetes: { readonly apiUrl: string; readonly serviceAccountDir: string; readonly namespace: string }
  /** Says which servers the Service has from now on. */
  setServers(urls: readonly string[]): void
}

/** The Service that {@link startSliceServer} tells of. */
export const SERVICE = { namespace: 'demo', name: 'workers' } as const

/** One EndpointSlice for each server, since they differ in their ports. */
export async function startSliceServer(urls: readonly string[]): Promise<SliceServer> {
  let servers = urls
  let version = 1
  const watches = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.url?.startsWith('/apis/discovery.k8s.io/v1/') !== true) response.writeHead(404).end('{}')
    else if (!request.url.includes('watch=1')) response.end(JSON.stringify(listOf(servers, version)))
    else watches.add(response.writeHead(200))
    response.flushHeaders()
    response.once('close', () => watches.delete(response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const serviceAccountDir = await temporaryFolder('nexus-service-account-')
  for (const [file, content] of [
    ['token', 'not a secret'],
    ['ca.crt', ''],
  ] as const) {
    await writeFile(join(serviceAccountDir, file), content)
  }
  const apiUrl = `http://127.0.0.1:${portOf(server.address())}`
  const say = (type: string, url: string): void => {
    for (const watch of watches) watch.write(`${JSON.stringify({ type, object: sliceOf(url, version) })}\n`)
  }
  return {
    kubernetes: { apiUrl, serviceAccountDir, namespace: 'nexus' },
    setServers: (next) => {
      const before = servers
      servers = next
      version += 1
      for (const url of next) if (!before.includes(url)) say('ADDED', url)
      for (const url of before) if (!next.includes(url)) say('DELETED', url)
    },
  }
}

function listOf(urls: readonly string[], version: number) {
  return { metadata: { resourceVersion: `${version}` }, items: urls.map((url) => sliceOf(url, version)) }
}

function sliceOf(url: string, version: number) {
  const { hostname, port } = new URL(url)
  return {
    metadata: {
      name: `workers-${port}`,
      namespace: SERVICE.namespace,
      resourceVersion: `${version}`,
      labels: { 'kubernetes.io/service-name': SERVICE.name },
    },
    addressType: 'IPv4',
    endpoints: [
      { addresses: [hostname], conditions: { ready: true }, targetRef: { kind: 'Pod', name: `pod-${port}` } },
    ],
    ports: [{ name: 'http', port: Number(port), protocol: 'TCP' }],
  }
}
