import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN_TOKEN, startTestServer } from './testing/test-server.ts'
import type { TestServer } from './testing/test-server.ts'
import { createSelfSignedCertificate } from './tls.ts'

const PODS = '/api/v1/namespaces/default/pods'
const SPDY = ['Connection: Upgrade', 'Upgrade: SPDY/3.1', 'X-Stream-Protocol-Version: portforward.k8s.io']

let api: TestServer
const certificate = createSelfSignedCertificate({ names: ['kubelet'], addresses: ['127.0.0.1'], days: 1 })
/** A node that sends back, in capitals, what comes after the protocols have been switched. */
const kubelet = createServer({ cert: certificate.certPem, key: certificate.keyPem })
const asked: IncomingMessage[] = []
const connections = new Set<Duplex>()

beforeAll(async () => {
  kubelet.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    asked.push(request)
    connections.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => connections.delete(socket))
    if (request.url?.endsWith('/refused') === true) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno')
      return
    }
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${SPDY.join('\r\n')}\r\n\r\nhello `)
    socket.on('data', (bytes: Buffer) => socket.write(bytes.toString().toUpperCase()))
  })
  kubelet.listen(0, '127.0.0.1')
  await once(kubelet, 'listening')
  const address = kubelet.address()
  const Port = typeof address === 'object' && address ? address.port : 0
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port } },
  }
  api = await startTestServer()
  await api.ask('POST', '/api/v1/nodes', { body: { metadata: { name: 'n1' }, status } })
  for (const name of ['one', 'refused']) await api.ask('POST', PODS, { body: pod(name, { nodeName: 'n1' }) })
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  kubelet.closeAllConnections()
  kubelet.close()
})

function pod(name: string, spec: object): object {
  return { metadata: { name }, spec: { ...spec, containers: [{ name: 'main', image: 'busybox:1' }] } }
}

async function open(head: readonly string[], token = ADMIN_TOKEN): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: api.server.port, ca: api.server.caPem })
  await once(socket, 'secureConnect')
  const common = ['Host: 127.0.0.1', `Authorization: Bearer ${token}`]
  socket.write(`${[head[0], ...common, ...head.slice(1)].join('\r\n')}\r\n\r\n`)
  return socket
}

/** What comes until `end` has come. */
async function readUntil(socket: TLSSocket, end: string): Promise<string> {
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk)
    if (text.includes(end)) break
  }
  return text
}

test('the connection of a client goes on to the pod’s node, both ways, until either hangs up', async () => {
  const client = await open([`POST ${PODS}/one/portforward HTTP/1.1`, ...SPDY])
  const answer = await readUntil(client, 'hello ')
  expect(answer).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
  expect(answer.toLowerCase()).toContain(
    'upgrade: spdy/3.1\r\nx-stream-protocol-version: portforward.k8s.io\r\n\r\nhello ',
  )
  client.write('frames')
  expect(await readUntil(client, 'FRAMES')).toBe('FRAMES')
  const [request] = asked
  expect(request?.url).toBe('/portForward/default/one')
  expect(request?.headers.authorization).toBeUndefined()
  const [connection] = connections
  const closed = connection && once(connection, 'close')
  client.destroy()
  await closed
})

test('what a node refuses, its client is told', async () => {
  const client = await open([`POST ${PODS}/refused/portforward HTTP/1.1`, ...SPDY])
  expect(await readUntil(client, '\r\n\r\nno')).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
})

test.each([
  ['a WebSocket, which kubectl tries first', `GET ${PODS}/one/portforward`, 'websocket', ADMIN_TOKEN, 400],
  ['another pod', `POST ${PODS}/nobody/portforward`, 'SPDY/3.1', ADMIN_TOKEN, 404],
  ['a stranger', `POST ${PODS}/one/portforward`, 'SPDY/3.1', 'wrong', 401],
])('%s is refused with a Status', async (_name, request, protocol, token, code) => {
  const client = await open([`${request} HTTP/1.1`, 'Connection: Upgrade', `Upgrade: ${protocol}`], token)
  const answer = await readUntil(client, `"code":${code}`)
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${code} `))
  expect(answer).toContain('"status":"Failure"')
})

test('elsewhere a request to upgrade is answered as if it had not asked', async () => {
  const client = await open(['GET /api HTTP/1.1', 'Connection: Upgrade', 'Upgrade: h2c'])
  expect(await readUntil(client, 'APIVersions')).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  client.destroy()
})
