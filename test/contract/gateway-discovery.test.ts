import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kinds, refTo } from '@nexus/kube'
import type { InferenceService, KubeClient } from '@nexus/kube'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import type { KubeConfig } from '@nexus/kube/node'
import { eventually, hasControlPlane, portOf, sharedControlPlane } from '@nexus/kube/testing'
import { expect, onTestFinished, test } from 'vitest'
import { startGatewayProgram } from './running-gateway.ts'

const KEY = 'nvapi-test-gateway-discovery'
const run = crypto.randomUUID().slice(0, 8)
const [first, second] = [`a-${run}`, `b-${run}`] as const

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
