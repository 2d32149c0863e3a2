import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringAt } from './objects/fields.ts'
import { startTestServer } from './testing/test-server.ts'
import type { TestServer } from './testing/test-server.ts'
import { createSelfSignedCertificate } from './tls.ts'

const PODS = '/api/v1/namespaces/default/pods'

let api: TestServer
const certificate = createSelfSignedCertificate({ names: ['kubelet'], addresses: ['127.0.0.1'], days: 1 })
/** A node that answers with the URL it was asked for, and keeps `follow` open. */
const kubelet = createServer({ cert: certificate.certPem, key: certificate.keyPem })
const following: ServerResponse[] = []

beforeAll(async () => {
  kubelet.on('request', (request, response: ServerResponse) => {
    const refused = request.url?.includes('previous=true') === true
    if (refused) response.writeHead(400, { 'content-type': 'text/plain' })
    if (refused) return response.end('previous terminated container "main" in pod "one" not found')
    response.write(`${request.url}\n`)
    return request.url?.includes('follow=true') === true ? following.push(response) : response.end()
  })
  kubelet.listen(0, '127.0.0.1')
  await once(kubelet, 'listening')
  const address = kubelet.address()
  api = await startTestServer()
  const Port = typeof address === 'object' && address ? address.port : 0
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port } },
  }
  await api.ask('POST', '/api/v1/nodes', { body: { metadata: { name: 'n1' }, status } })
  await api.ask('POST', PODS, { body: pod('one', ['main'], 'n1') })
  await api.ask('POST', PODS, { body: pod('two', ['a', 'b'], 'n1') })
  await api.ask('POST', PODS, { body: pod('nowhere', ['main']) })
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  kubelet.closeAllConnections()
  kubelet.close()
})

function pod(name: string, containers: string[], nodeName?: string): object {
  const spec = { containers: containers.map((container) => ({ name: container, image: 'busybox:1' })) }
  return { metadata: { name }, spec: { ...spec, ...(nodeName && { nodeName }) } }
}

test('a log is asked of the pod’s node, with the options the node knows', async () => {
  const answer = await api.ask('GET', `${PODS}/one/log?tailLines=5&timestamps=true&pretty=true`)
  expect(answer.text).toBe('/containerLogs/default/one/main?tailLines=5&timestamps=true\n')
})

test.each([
  ['two', 'a container name must be specified for pod two, choose one of: [a b]'],
  ['two/log?container=c', 'container c is not valid for pod two'],
])('the log of %s is refused: %s', async (path, message) => {
  const answer = await api.ask('GET', `${PODS}/${path.includes('/') ? path : `${path}/log`}`)
  expect(answer.status).toBe(400)
  expect(stringAt(answer.body, 'message')).toBe(message)
})

test('what the node refuses is a Status with its words', async () => {
  const answer = await api.ask('GET', `${PODS}/one/log?previous=true`)
  expect(answer.status).toBe(400)
  expect(stringAt(answer.body, 'reason')).toBe('BadRequest')
  expect(stringAt(answer.body, 'message')).toBe('previous terminated container "main" in pod "one" not found')
})

test('a pod without a node has an empty log', async () => {
  expect(await api.ask('GET', `${PODS}/nowhere/log`)).toMatchObject({ status: 200, text: '' })
})

test('a client that stops following hangs up at the node', async () => {
  const lines = await api.watch(`${PODS}/one/log?follow=true`)
  await lines.next()
  const [upstream] = following
  const closed = upstream && once(upstream, 'close')
  await lines.return(undefined)
  expect(await closed).toEqual([])
})
