import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kinds, refTo } from '@nexus/kube'
import type { EndpointSlice, InferenceService, KubeClient } from '@nexus/kube'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import type { KubeConfig } from '@nexus/kube/node'
import { eventually, freePorts, hasControlPlane, portOf, sharedControlPlane } from '@nexus/kube/testing'
import { expect, onTestFinished, test } from 'vitest'
import { startGatewayProgram } from './running-gateway.ts'

const KEY = 'nvapi-test-gateway-discovery'
const run = crypto.randomUUID().slice(0, 8)
const [first, second, third] = [`a-${run}`, `b-${run}`, `c-${run}`] as const

test('the gateway follows InferenceServices of a real API server from created to ready to deleted', async ({
  skip,
}) => {
  skip(!hasControlPlane(), 'needs a control plane')
  const config = await loadKubeConfig({ path: await sharedControlPlane({ controllers: false }) })
  const kube = createNodeKubeClient(config)
  onTestFinished(() => kube.close())
  const modelServer = await startModelServer()
  const gateway = await startGatewayProgram({
    GATEWAY_API_KEY_POLICIES: JSON.stringify({ [KEY]: { projects: [first, second] } }),
    GATEWAY_DISCOVERY: 'kubernetes',
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: new URL(config.server).port,
    NEXUS_SERVICE_ACCOUNT_DIR: await serviceAccountOf(config),
  })
  const modelsAre = (expected: string[]): Promise<void> =>
    eventually(async () => expect(await modelIds(gateway)).toEqual(expected))

  await createInferenceService(kube, first)
  expect(await modelIds(gateway)).toEqual([])
  await setReady(kube, first, modelServer.url)
  await modelsAre([`${first}/llama`, 'meta/llama'])
  expect((await chat(gateway, `{"model":"${first}/llama", "n":1}`)).status).toBe(200)
  expect(modelServer.received.at(-1)).toBe('{"model":"meta/llama", "n":1}')

  await createInferenceService(kube, second)
  await setReady(kube, second, modelServer.url)
  await modelsAre([`${first}/llama`, `${second}/llama`])
  const ambiguous = await chat(gateway, '{"model":"meta/llama"}')
  expect(ambiguous.status).toBe(400)
  expect(await ambiguous.text()).toContain(`${first}/llama, ${second}/llama`)

  await setReady(kube, first, modelServer.url, 'False')
  await modelsAre([`${second}/llama`, 'meta/llama'])
  expect((await chat(gateway, `{"model":"${first}/llama"}`)).status).toBe(503)
  await kube.delete(refTo(Kinds.InferenceService, { name: 'llama', namespace: second }))
  await modelsAre([])
}, 90_000)

test('the gateway follows the pods behind a deployment, and behind a Service, in EndpointSlices of a real API server', async ({
  skip,
}) => {
  skip(!hasControlPlane(), 'needs a control plane')
  const config = await loadKubeConfig({ path: await sharedControlPlane({ controllers: false }) })
  const kube = createNodeKubeClient(config)
  onTestFinished(() => kube.close())
  const [adminPort = 0] = await freePorts(1)
  await startGatewayProgram({
    GATEWAY_CONFIG_FILE: await configFileWith({ name: 'static', service: { namespace: third, name: 'vllm' } }),
    GATEWAY_ADMIN_PORT: String(adminPort),
    GATEWAY_ADMIN_TOKEN: KEY,
    GATEWAY_DISCOVERY: 'kubernetes',
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: new URL(config.server).port,
    NEXUS_SERVICE_ACCOUNT_DIR: await serviceAccountOf(config),
  })
  const endpointsAre = (expected: string[]): Promise<void> =>
    eventually(async () => expect(await endpointsOf(adminPort)).toEqual(expected))

  await createInferenceService(kube, third)
  await setReady(kube, third, `http://llama-predictor.${third}.svc.cluster.local`)
  await endpointsAre([`${third}/llama http://llama-predictor.${third}.svc.cluster.local`])

  await kube.create(sliceOf(third, 'vllm', ['192.0.2.7']))
  const pods = await kube.create(sliceOf(third, 'llama-predictor', ['192.0.2.1', '192.0.2.2']))
  const [one, two] = ['192.0.2.1', '192.0.2.2'].map((ip) => `${third}/llama http://${ip}:8000`)
  await endpointsAre([`${one}`, `${two}`, 'static http://192.0.2.7:8000'])

  const [gone, left] = pods.endpoints
  const leaving = { ...gone, conditions: { ready: false, serving: true, terminating: true } }
  const body = { endpoints: [leaving, left] }
  await kube.patch(refTo(Kinds.EndpointSlice, pods.metadata), { type: 'merge', body })
  await endpointsAre([`${two}`, 'static http://192.0.2.7:8000'])

  await kube.delete(refTo(Kinds.EndpointSlice, { name: 'vllm-1', namespace: third }))
  await endpointsAre([`${two}`])
}, 90_000)

/** A configuration with one upstream. */
async function configFileWith(upstream: object): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-contract-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const file = join(dir, 'gateway.yaml')
  await writeFile(file, JSON.stringify({ upstreams: [upstream] })) // which is YAML too
  return file
}

/** What the EndpointSlice controller writes for the Service of a deployment. */
function sliceOf(namespace: string, service: string, addresses: string[]): EndpointSlice {
  const labels = { 'kubernetes.io/service-name': service, 'serving.kserve.io/inferenceservice': 'llama' }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${service}-1`, namespace, labels },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: '', port: 8000, protocol: 'TCP' }],
  }
}

/** Each endpoint as `<upstream> <url>`, of this test's namespace or static. */
async function endpointsOf(adminPort: number): Promise<string[]> {
  const headers = { authorization: `Bearer ${KEY}` }
  const response = await fetch(`http://127.0.0.1:${adminPort}/admin/v1/endpoints`, { headers })
  const text = await response.text()
  return [...text.matchAll(/"upstream":"([^"]+)","url":"([^"]+)"/g)]
    .map(([, upstream, url]) => `${upstream} ${url}`)
    .filter((endpoint) => endpoint.startsWith('static ') || endpoint.startsWith(third))
    .sort()
}

/** What a pod finds in the folder of its ServiceAccount. */
async function serviceAccountOf({ auth, ca = '' }: KubeConfig): Promise<string> {
  if (auth.type !== 'token') throw new TypeError('The control plane of the tests knows its users by tokens')
  const dir = await mkdtemp(join(tmpdir(), 'nexus-contract-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await writeFile(join(dir, 'token'), auth.token.reveal())
  await writeFile(join(dir, 'ca.crt'), ca)
  return dir
}

/** Serves one model, and keeps the calls that it received. */
async function startModelServer(): Promise<{ url: string; received: string[] }> {
  const received: string[] = []
  const server = createServer((request, response) => {
    request.on('data', (chunk) => received.push(String(chunk)))
    response.end(request.method === 'GET' ? '{"data":[{"id":"meta/llama"}]}' : '{"answer":true}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  })
  return { url: `http://127.0.0.1:${portOf(server.address())}`, received }
}

async function createInferenceService(kube: KubeClient, project: string): Promise<void> {
  await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: project } })
  await kube.create<InferenceService>({
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name: 'llama', namespace: project },
    spec: { predictor: { model: { modelFormat: { name: 'llama' }, runtime: 'llama' } } },
  })
}

/** Says what KServe's controller would say. */
async function setReady(kube: KubeClient, project: string, url: string, status = 'True'): Promise<void> {
  const body = { status: { address: { url }, conditions: [{ type: 'Ready', status }] } }
  const ref = refTo(Kinds.InferenceService, { name: 'llama', namespace: project })
  await kube.patch(ref, { type: 'merge', body }, { subresource: 'status' })
}

async function modelIds(gateway: string): Promise<string[]> {
  const response = await fetch(`${gateway}/v1/models`, { headers: { 'x-api-key': KEY } })
  return [...(await response.text()).matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id ?? '')
}

function chat(gateway: string, body: string): Promise<Response> {
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
  return fetch(`${gateway}/v1/chat/completions`, { method: 'POST', headers, body })
}
